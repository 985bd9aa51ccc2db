// Google's Gemini: generateContent and batchEmbedContents. Source: Gemini API reference (v1beta).
#include <map>

#include <fmt/format.h>

#include "upstream/gemini_reader.h"
#include "upstream/json_call.h"
#include "upstream/message_view.h"
#include "upstream/providers.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

constexpr Abilities kAbilities = {
    .choices = true, .json_object = true, .json_schema = true, .embeddings = true};

json::object text_part(std::string_view text) { return {{"text", text}}; }

json::object blob_part(const PartView& part) {
  if (part.url.empty())
    return {{"inlineData", json::object{{"mimeType", part.media_type}, {"data", part.base64}}}};
  return {{"fileData", json::object{{"fileUri", part.url}}}};
}

/// The signature that came with a call, in the place where Google's own OpenAI dialect keeps it.
std::string_view signature_of(const CallView& call) {
  const json::value* extra = call.object->if_contains("extra_content");
  const json::value* google =
      extra != nullptr && extra->is_object() ? extra->get_object().if_contains("google") : nullptr;
  if (google == nullptr || !google->is_object()) return {};
  const json::value* signature = google->get_object().if_contains("thought_signature");
  return signature != nullptr && signature->is_string() ? std::string_view(signature->get_string())
                                                        : std::string_view();
}

/// Results name the function here, where other dialects give the call's id.
using NamesById = std::map<std::string_view, std::string_view>;

json::object result_part(const MessageView& message, const NamesById& names) {
  const auto known = names.find(message.tool_call_id);
  const std::string text = text_of(message);
  auto parsed = base::parse_json(text);
  json::value response =
      parsed && parsed->is_object()
          ? *std::move(parsed)
          : json::value(json::object{{message.is_error ? "error" : "result", json::string(text)}});
  json::object function{{"name", known != names.end() ? known->second : message.tool_call_id},
                        {"response", std::move(response)}};
  if (!message.tool_call_id.empty()) function["id"] = message.tool_call_id;
  return {{"functionResponse", std::move(function)}};
}

json::array parts_of(const MessageView& message, NamesById& names) {
  json::array parts;
  if (message.role == "tool") {
    parts.emplace_back(result_part(message, names));
    return parts;
  }
  for (const PartView& part : message.parts)
    parts.emplace_back(part.kind == PartView::Kind::kText ? text_part(part.text) : blob_part(part));
  for (const CallView& call : message.calls) {
    names[call.id] = call.name;
    json::object part{{"functionCall", json::object{{"id", call.id},
                                                    {"name", call.name},
                                                    {"args", arguments_object(call.arguments)}}}};
    if (const std::string_view signature = signature_of(call); !signature.empty())
      part["thoughtSignature"] = signature;
    parts.emplace_back(std::move(part));
  }
  return parts;
}

json::array contents_of(const std::vector<MessageView>& messages) {
  json::array out;
  NamesById names;
  for (const MessageView& message : messages) {
    if (message.role == "system") continue;
    json::array parts = parts_of(message, names);
    if (parts.empty()) continue;
    const std::string_view role = message.role == "assistant" ? "model" : "user";
    if (!out.empty() && std::string_view(out.back().at("role").get_string()) == role) {
      json::array& before = out.back().get_object().at("parts").get_array();
      for (json::value& part : parts) before.emplace_back(std::move(part));
    } else {
      out.emplace_back(json::object{{"role", role}, {"parts", std::move(parts)}});
    }
  }
  return out;
}

/// Source: the budgets of Google's own OpenAI dialect.
std::int64_t thinking_budget(std::string_view effort) {
  if (effort == "none") return 0;
  if (effort == "minimal" || effort == "low") return 1'024;
  return effort == "medium" ? 8'192 : 24'576;
}

base::Result<json::object> generation_config(const chat::Request& request) {
  json::object config;
  const chat::Sampling defaults;
  const chat::Sampling& sampling = request.sampling;
  const auto set = [&config](const char* name, float value, float normal) {
    if (value != normal) config[name] = value;
  };
  set("temperature", sampling.temperature, defaults.temperature);
  set("topP", sampling.top_p, defaults.top_p);
  set("presencePenalty", sampling.presence_penalty, defaults.presence_penalty);
  set("frequencyPenalty", sampling.frequency_penalty, defaults.frequency_penalty);
  if (sampling.top_k != 0) config["topK"] = sampling.top_k;
  if (sampling.seed) config["seed"] = static_cast<std::int32_t>(*sampling.seed);
  if (request.completion_tokens_max) config["maxOutputTokens"] = *request.completion_tokens_max;
  if (!request.stop.empty()) config["stopSequences"] = json::value_from(request.stop);
  if (request.choices > 1) config["candidateCount"] = request.choices;
  using Form = chat::AnswerFormat::Kind;
  if (request.format.kind == Form::kJsonObject || request.format.kind == Form::kJsonSchema)
    config["responseMimeType"] = "application/json";
  if (request.format.kind == Form::kJsonSchema)
    config["responseJsonSchema"] = TRY(base::parse_json(request.format.text));
  if (!request.reasoning_effort.empty())
    config["thinkingConfig"] =
        json::object{{"thinkingBudget", thinking_budget(request.reasoning_effort)},
                     {"includeThoughts", request.reasoning_effort != "none"}};
  return config;
}

void write_tools(json::object& fields, const std::vector<ToolView>& tools,
                 const ToolChoice& choice) {
  json::array declarations;
  for (const ToolView& tool : tools) {
    json::object declaration{{"name", tool.name}};
    if (!tool.description.empty()) declaration["description"] = tool.description;
    if (tool.parameters != nullptr) declaration["parametersJsonSchema"] = *tool.parameters;
    declarations.emplace_back(std::move(declaration));
  }
  fields["tools"] = json::array{json::object{{"functionDeclarations", std::move(declarations)}}};
  json::object calling;
  switch (choice.kind) {
    case ToolChoice::Kind::kAuto:
      calling["mode"] = "AUTO";
      break;
    case ToolChoice::Kind::kNone:
      calling["mode"] = "NONE";
      break;
    case ToolChoice::Kind::kNamed:
      calling["allowedFunctionNames"] = json::array{json::string(choice.name)};
      [[fallthrough]];
    case ToolChoice::Kind::kRequired:
      calling["mode"] = "ANY";
      break;
  }
  fields["toolConfig"] = json::object{{"functionCallingConfig", std::move(calling)}};
}

base::Result<json::object> fields_of(const chat::Request& request) {
  const std::vector<MessageView> messages = TRY(messages_of(request));
  const std::vector<ToolView> tools = TRY(tools_of(request));
  json::object fields;
  fields["contents"] = contents_of(messages);
  if (const std::string system = system_of(messages); !system.empty())
    fields["systemInstruction"] = json::object{{"parts", json::array{text_part(system)}}};
  if (json::object config = TRY(generation_config(request)); !config.empty())
    fields["generationConfig"] = std::move(config);
  if (!tools.empty()) write_tools(fields, tools, tool_choice_of(request));
  return fields;
}

json::object embedding_fields(const Endpoint& endpoint, const chat::Request& request) {
  json::array requests;
  for (const std::string& text : request.inputs) {
    json::object one{{"model", "models/" + endpoint.model},
                     {"content", json::object{{"parts", json::array{text_part(text)}}}}};
    if (request.dimensions != 0) one["outputDimensionality"] = request.dimensions;
    requests.emplace_back(std::move(one));
  }
  return {{"requests", std::move(requests)}};
}

class Gemini final : public Provider {
 public:
  [[nodiscard]] std::string_view name() const override { return "gemini"; }

  [[nodiscard]] base::Result<http::ClientRequest> ask(const Endpoint& endpoint,
                                                      const chat::Request& request,
                                                      base::WallTime) const override {
    if (const auto able = check_abilities(request, "gemini", kAbilities); !able)
      return able.error();
    const bool embedding = request.kind == chat::Request::Kind::kEmbedding;
    const json::object fields =
        embedding ? embedding_fields(endpoint, request) : TRY(fields_of(request));
    http::ClientRequest call =
        json_call(endpoint,
                  fmt::format("/models/{}:{}", percent_encoded(endpoint.model),
                              embedding ? "batchEmbedContents" : "streamGenerateContent?alt=sse"),
                  json::serialize(fields));
    if (!endpoint.key.empty()) call.headers.push_back({"x-goog-api-key", endpoint.key.reveal()});
    return call;
  }

  [[nodiscard]] std::unique_ptr<ReplyReader> reader(const chat::Request& request,
                                                    const http::Headers& headers) const override {
    return make_gemini_reader(request, headers);
  }
};

}  // namespace

const Provider& gemini_provider() {
  static const Gemini provider;
  return provider;
}

}  // namespace nearside::upstream
