// OpenAI's responses call, as provider "openai-responses". Source: OpenAI's OpenAPI document.
#include "upstream/json_call.h"
#include "upstream/message_view.h"
#include "upstream/original.h"
#include "upstream/providers.h"
#include "upstream/responses_reader.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

constexpr Abilities kAbilities = {.json_object = true, .json_schema = true};

json::object part_json(const PartView& part, bool assistant) {
  switch (part.kind) {
    case PartView::Kind::kText:
      break;
    case PartView::Kind::kImage:
    case PartView::Kind::kFile: {
      std::string url(part.url);
      if (url.empty())
        url.append("data:").append(part.media_type).append(";base64,").append(part.base64);
      if (part.kind == PartView::Kind::kImage) return {{"type", "input_image"}, {"image_url", url}};
      json::object file{{"type", "input_file"}, {part.url.empty() ? "file_data" : "file_url", url}};
      if (!part.name.empty()) file["filename"] = part.name;
      return file;
    }
  }
  return {{"type", assistant ? "output_text" : "input_text"}, {"text", part.text}};
}

json::array items_of(const std::vector<MessageView>& messages) {
  json::array items;
  for (const MessageView& message : messages) {
    if (message.role == "tool") {
      items.emplace_back(json::object{{"type", "function_call_output"},
                                      {"call_id", message.tool_call_id},
                                      {"output", text_of(message)}});
      continue;
    }
    json::array content;
    for (const PartView& part : message.parts)
      content.emplace_back(part_json(part, message.role == "assistant"));
    if (!content.empty())
      items.emplace_back(json::object{
          {"type", "message"}, {"role", message.role}, {"content", std::move(content)}});
    for (const CallView& call : message.calls)
      items.emplace_back(json::object{{"type", "function_call"},
                                      {"call_id", call.id},
                                      {"name", call.name},
                                      {"arguments", call.arguments}});
  }
  return items;
}

void write_tools(json::object& fields, const std::vector<ToolView>& tools,
                 const chat::Request& request) {
  json::array out;
  for (const ToolView& tool : tools) {
    json::object written{{"type", "function"}, {"name", tool.name}};
    if (!tool.description.empty()) written["description"] = tool.description;
    written["parameters"] = tool.parameters != nullptr ? *tool.parameters : json::value(nullptr);
    written["strict"] = false;
    out.emplace_back(std::move(written));
  }
  fields["tools"] = std::move(out);
  const ToolChoice choice = tool_choice_of(request);
  if (choice.kind == ToolChoice::Kind::kNamed)
    fields["tool_choice"] = json::object{{"type", "function"}, {"name", choice.name}};
  else if (!request.tool_choice.is_null())
    fields["tool_choice"] = request.tool_choice;
  if (!request.parallel_tool_calls) fields["parallel_tool_calls"] = false;
}

base::Result<json::object> fields_of(const chat::Request& request) {
  if (const auto able = check_abilities(request, "openai-responses", kAbilities); !able)
    return able.error();
  const std::vector<MessageView> messages = TRY(messages_of(request));
  const std::vector<ToolView> tools = TRY(tools_of(request));
  json::object fields{{"store", false}};
  fields["input"] = items_of(messages);
  const chat::Sampling defaults;
  if (request.sampling.temperature != defaults.temperature)
    fields["temperature"] = request.sampling.temperature;
  if (request.sampling.top_p != defaults.top_p) fields["top_p"] = request.sampling.top_p;
  if (request.completion_tokens_max) fields["max_output_tokens"] = *request.completion_tokens_max;
  if (!request.reasoning_effort.empty())
    fields["reasoning"] = json::object{{"effort", request.reasoning_effort}};
  if (!tools.empty()) write_tools(fields, tools, request);
  using Form = chat::AnswerFormat::Kind;
  if (request.format.kind == Form::kJsonObject)
    fields["text"] = json::object{{"format", json::object{{"type", "json_object"}}}};
  if (request.format.kind == Form::kJsonSchema) {
    json::value schema = TRY(base::parse_json(request.format.text));
    const std::string name = request.format.name.empty() ? "answer" : request.format.name;
    fields["text"] = json::object{
        {"format",
         json::object{{"type", "json_schema"}, {"name", name}, {"schema", std::move(schema)}}}};
  }
  return fields;
}

class Responses final : public Provider {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai-responses"; }

  [[nodiscard]] base::Result<http::ClientRequest> ask(const Endpoint& endpoint,
                                                      const chat::Request& request,
                                                      base::WallTime) const override {
    const Members members = {{"model", json_text(endpoint.model)}, {"stream", "true"}};
    std::string body = came_in(request, "responses")
                           ? original_with(request, members)
                           : with_members(json::serialize(TRY(fields_of(request))), members);
    http::ClientRequest call = json_call(endpoint, "/responses", std::move(body));
    call.headers.push_back({"accept", "text/event-stream, application/json"});
    if (!endpoint.key.empty())
      call.headers.push_back({"authorization", "Bearer " + endpoint.key.reveal()});
    return call;
  }

  [[nodiscard]] std::unique_ptr<ReplyReader> reader(const chat::Request& request,
                                                    const http::Headers& headers) const override {
    return make_responses_reader(request, headers);
  }
};

}  // namespace

const Provider& responses_provider() {
  static const Responses provider;
  return provider;
}

}  // namespace nearside::upstream
