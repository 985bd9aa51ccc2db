#include "upstream/message_view.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;
using base::Code;
using base::fail;

std::string_view text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

/// "data:TYPE;base64,DATA" into bytes, anything else into an address.
void set_source(PartView& part, std::string_view url) {
  constexpr std::string_view kMark = ";base64,";
  const std::size_t mark = url.starts_with("data:") ? url.find(kMark) : std::string_view::npos;
  if (mark == std::string_view::npos) {
    part.url = url;
    return;
  }
  part.media_type = url.substr(5, mark - 5);
  part.base64 = url.substr(mark + kMark.size());
}

base::Result<PartView> part_of(const json::object& object) {
  const std::string_view type = text_in(object, "type");
  PartView part;
  if (type == "text" || type == "refusal") {
    part.text = text_in(object, type);
    return part;
  }
  const json::value* payload = object.if_contains(type);
  const json::object* inner = payload != nullptr ? payload->if_object() : nullptr;
  if (type == "image_url" && inner != nullptr) {
    part.kind = PartView::Kind::kImage;
    set_source(part, text_in(*inner, "url"));
    return part;
  }
  if (type == "file" && inner != nullptr && !text_in(*inner, "file_data").empty()) {
    part.kind = PartView::Kind::kFile;
    part.name = text_in(*inner, "filename");
    set_source(part, text_in(*inner, "file_data"));
    return part;
  }
  return fail(Code::kUnsupported, "content of type '{}' cannot be passed on to this target", type);
}

void read_calls(const json::object& message, MessageView& view) {
  const json::value* calls = message.if_contains("tool_calls");
  if (calls == nullptr || !calls->is_array()) return;
  for (const json::value& value : calls->get_array()) {
    const json::object* call = value.if_object();
    if (call == nullptr) continue;
    const json::value* function = call->if_contains("function");
    if (function == nullptr || !function->is_object()) continue;
    view.calls.push_back({.id = text_in(*call, "id"),
                          .name = text_in(function->get_object(), "name"),
                          .arguments = text_in(function->get_object(), "arguments"),
                          .object = call});
  }
}

base::Result<MessageView> message_of(const json::object& message) {
  MessageView view;
  view.role = text_in(message, "role");
  if (view.role == "developer") view.role = "system";
  if (view.role == "function") view.role = "tool";
  if (const json::value* content = message.if_contains("content")) {
    if (content->is_string() && !content->get_string().empty())
      view.parts.push_back({.text = content->get_string()});
    if (const json::array* parts = content->if_array())
      for (const json::value& part : *parts)
        if (const json::object* object = part.if_object())
          view.parts.push_back(TRY(part_of(*object)));
  }
  read_calls(message, view);
  view.tool_call_id = text_in(message, "tool_call_id");
  if (const json::value* error = message.if_contains("is_error"))
    view.is_error = error->is_bool() && error->get_bool();
  view.reasoning = text_in(message, "reasoning_content");
  view.reasoning_signature = text_in(message, "reasoning_signature");
  return view;
}

}  // namespace

base::Result<std::vector<MessageView>> messages_of(const chat::Request& request) {
  std::vector<MessageView> views;
  if (request.kind == chat::Request::Kind::kCompletion) {
    MessageView prompt;
    prompt.role = "user";
    prompt.parts.push_back({.text = request.prompt});
    views.push_back(std::move(prompt));
    return views;
  }
  views.reserve(request.messages.size());
  for (const json::value& message : request.messages)
    if (const json::object* object = message.if_object()) views.push_back(TRY(message_of(*object)));
  return views;
}

std::string text_of(const MessageView& message) {
  std::string text;
  for (const PartView& part : message.parts)
    if (part.kind == PartView::Kind::kText && !part.text.empty())
      text.append(text.empty() ? "" : "\n").append(part.text);
  return text;
}

std::string system_of(const std::vector<MessageView>& messages) {
  std::string text;
  for (const MessageView& message : messages) {
    if (message.role != "system") continue;
    if (const std::string own = text_of(message); !own.empty())
      text.append(text.empty() ? "" : "\n\n").append(own);
  }
  return text;
}

base::Result<std::vector<ToolView>> tools_of(const chat::Request& request) {
  std::vector<ToolView> views;
  for (const json::value& value : request.tools) {
    const json::object* tool = value.if_object();
    const json::value* function = tool != nullptr ? tool->if_contains("function") : nullptr;
    if (function == nullptr || !function->is_object())
      return fail(Code::kUnsupported, "a tool of type '{}' cannot be passed on to this target",
                  tool != nullptr ? text_in(*tool, "type") : "");
    const json::object& inner = function->get_object();
    views.push_back({.name = text_in(inner, "name"),
                     .description = text_in(inner, "description"),
                     .parameters = inner.if_contains("parameters")});
  }
  return views;
}

ToolChoice tool_choice_of(const chat::Request& request) {
  const json::value& choice = request.tool_choice;
  if (choice.is_string()) {
    if (choice == "none") return {ToolChoice::Kind::kNone, {}};
    if (choice == "required" || choice == "any") return {ToolChoice::Kind::kRequired, {}};
  } else if (const json::object* object = choice.if_object()) {
    const json::value* function = object->if_contains("function");
    if (function != nullptr && function->is_object())
      return {ToolChoice::Kind::kNamed, text_in(function->get_object(), "name")};
  }
  return {};
}

json::value arguments_object(std::string_view text) {
  auto parsed = base::parse_json(text);
  if (parsed && parsed->is_object()) return *std::move(parsed);
  if (text.empty()) return json::object();
  return json::object{{"arguments", text}};
}

base::Status check_abilities(const chat::Request& request, std::string_view provider,
                             const Abilities& abilities) {
  const auto lacks = [provider](std::string_view what) {
    return fail(Code::kUnsupported, "the provider {} has no {}", provider, what);
  };
  using Form = chat::AnswerFormat::Kind;
  const Form form = request.format.kind;
  if (request.choices > 1 && !abilities.choices) return lacks("several answers to one request (n)");
  if (request.logprobs && !abilities.logprobs) return lacks("log-probabilities");
  if (!request.logit_bias.empty() && !abilities.logit_bias) return lacks("logit_bias");
  if (form == Form::kJsonObject && !abilities.json_object)
    return lacks("JSON answers without a schema; give one");
  if (form == Form::kJsonSchema && !abilities.json_schema)
    return lacks("answers that keep a schema");
  if ((form == Form::kRegex || form == Form::kGrammar) && !abilities.grammar)
    return lacks("answers that keep a grammar");
  if (request.kind == chat::Request::Kind::kEmbedding && !abilities.embeddings)
    return lacks("embeddings");
  return {};
}

}  // namespace nearside::upstream
