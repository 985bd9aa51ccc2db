// Ollama's own API: chat, generate (raw) and embed. Source: Ollama's docs/api.md.
#include <map>

#include "upstream/json_call.h"
#include "upstream/message_view.h"
#include "upstream/ollama_reader.h"
#include "upstream/original.h"
#include "upstream/providers.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;
using base::Code;
using base::fail;

constexpr Abilities kAbilities = {.json_object = true, .json_schema = true, .embeddings = true};

base::Result<json::object> message_json(const MessageView& message,
                                        std::map<std::string_view, std::string_view>& names) {
  json::object out{{"role", message.role}, {"content", text_of(message)}};
  json::array images;
  for (const PartView& part : message.parts) {
    if (part.kind == PartView::Kind::kText) continue;
    if (part.kind != PartView::Kind::kImage || part.base64.empty())
      return fail(Code::kUnsupported,
                  "the provider ollama takes images as base64 only, no addresses and no files");
    images.emplace_back(part.base64);
  }
  if (!images.empty()) out["images"] = std::move(images);
  if (!message.reasoning.empty()) out["thinking"] = message.reasoning;
  json::array calls;
  for (const CallView& call : message.calls) {
    names[call.id] = call.name;
    calls.emplace_back(json::object{
        {"id", call.id},
        {"function",
         json::object{{"name", call.name}, {"arguments", arguments_object(call.arguments)}}}});
  }
  if (!calls.empty()) out["tool_calls"] = std::move(calls);
  if (message.role == "tool") {
    out["tool_call_id"] = message.tool_call_id;
    if (const auto name = names.find(message.tool_call_id); name != names.end())
      out["tool_name"] = name->second;
  }
  return out;
}

json::object options_of(const chat::Request& request) {
  json::object options;
  const chat::Sampling defaults;
  const chat::Sampling& sampling = request.sampling;
  const auto set = [&options](const char* name, float value, float normal) {
    if (value != normal) options[name] = value;
  };
  set("temperature", sampling.temperature, defaults.temperature);
  set("top_p", sampling.top_p, defaults.top_p);
  set("min_p", sampling.min_p, defaults.min_p);
  set("repeat_penalty", sampling.repetition_penalty, defaults.repetition_penalty);
  set("frequency_penalty", sampling.frequency_penalty, defaults.frequency_penalty);
  set("presence_penalty", sampling.presence_penalty, defaults.presence_penalty);
  if (sampling.top_k != 0) options["top_k"] = sampling.top_k;
  if (sampling.seed) options["seed"] = static_cast<std::int64_t>(*sampling.seed);
  if (request.completion_tokens_max) options["num_predict"] = *request.completion_tokens_max;
  if (!request.stop.empty()) options["stop"] = json::value_from(request.stop);
  return options;
}

base::Result<json::object> chat_fields(const chat::Request& request) {
  json::object fields;
  json::array messages;
  std::map<std::string_view, std::string_view> names;
  const std::vector<MessageView> views = TRY(messages_of(request));
  for (const MessageView& message : views) messages.emplace_back(TRY(message_json(message, names)));
  fields["messages"] = std::move(messages);
  const auto tools = TRY(tools_of(request));
  if (!tools.empty() && tool_choice_of(request).kind != ToolChoice::Kind::kNone)
    fields["tools"] = request.tools;
  if (request.format.kind == chat::AnswerFormat::Kind::kJsonObject) fields["format"] = "json";
  if (request.format.kind == chat::AnswerFormat::Kind::kJsonSchema)
    fields["format"] = TRY(base::parse_json(request.format.text));
  if (!request.reasoning_effort.empty()) fields["think"] = request.reasoning_effort != "none";
  return fields;
}

base::Result<json::object> fields_of(const chat::Request& request) {
  if (const auto able = check_abilities(request, "ollama", kAbilities); !able) return able.error();
  json::object fields;
  switch (request.kind) {
    case chat::Request::Kind::kChat:
      fields = TRY(chat_fields(request));
      break;
    case chat::Request::Kind::kCompletion:
      fields["prompt"] = request.prompt;
      fields["raw"] = true;
      break;
    case chat::Request::Kind::kEmbedding:
      fields["input"] = json::value_from(request.inputs);
      if (request.dimensions != 0) fields["dimensions"] = request.dimensions;
      return fields;
  }
  if (json::object options = options_of(request); !options.empty())
    fields["options"] = std::move(options);
  return fields;
}

/// A generate call that is no raw completion comes as a chat with the same words; its original has
/// no messages.
std::string_view path_of(const chat::Request& request) {
  if (request.kind == chat::Request::Kind::kEmbedding) return "/api/embed";
  if (request.kind == chat::Request::Kind::kCompletion) return "/api/generate";
  if (came_in(request, "ollama") && !request.original.contains("messages")) return "/api/generate";
  return "/api/chat";
}

class Ollama final : public Provider {
 public:
  [[nodiscard]] std::string_view name() const override { return "ollama"; }

  [[nodiscard]] base::Result<http::ClientRequest> ask(const Endpoint& endpoint,
                                                      const chat::Request& request,
                                                      base::WallTime) const override {
    Members members = {{"model", json_text(endpoint.model)}};
    if (request.kind != chat::Request::Kind::kEmbedding) members.emplace_back("stream", "true");
    std::string body = came_in(request, "ollama")
                           ? original_with(request, members)
                           : with_members(json::serialize(TRY(fields_of(request))), members);
    http::ClientRequest call = json_call(endpoint, path_of(request), std::move(body));
    if (!endpoint.key.empty())
      call.headers.push_back({"authorization", "Bearer " + endpoint.key.reveal()});
    return call;
  }

  [[nodiscard]] std::unique_ptr<ReplyReader> reader(const chat::Request& request,
                                                    const http::Headers& headers) const override {
    return make_ollama_reader(request, headers);
  }
};

}  // namespace

const Provider& ollama_provider() {
  static const Ollama provider;
  return provider;
}

}  // namespace nearside::upstream
