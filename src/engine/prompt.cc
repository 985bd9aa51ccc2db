#include "engine/prompt.h"

#include <string>
#include <utility>

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Result;

namespace json = base::json;

namespace {

/// The function's name in an OpenAI tool or tool_choice object; "" where there is none.
std::string_view tool_name(const json::value& tool) {
  const json::object* const object = tool.if_object();
  const json::value* const function = object == nullptr ? nullptr : object->if_contains("function");
  const json::object* const inner = function == nullptr ? nullptr : function->if_object();
  const json::value* const name = inner == nullptr ? nullptr : inner->if_contains("name");
  return name == nullptr || !name->is_string() ? std::string_view()
                                               : std::string_view(name->get_string());
}

std::string spelling_or_empty(const text::Tokenizer& tokenizer, text::TokenId token) {
  return token < 0 ? std::string() : std::string(tokenizer.spelling(token));
}

/// Content given as parts ({"type": "text", "text": ...}) becomes one string: most templates know
/// strings only. Parts are joined by a line break, as llama.cpp does.
Result<json::value> flatten_content(const json::value& content) {
  if (!content.is_array()) return content;
  std::string text;
  for (const json::value& part : content.get_array()) {
    const json::object* const object = part.if_object();
    const json::value* const value = object == nullptr ? nullptr : object->if_contains("text");
    if (value == nullptr || !value->is_string())
      return fail(Code::kInvalidArgument,
                  "a message's content holds a part that is not text; this model reads text only");
    if (!text.empty()) text += '\n';
    text += std::string_view(value->get_string());
  }
  return json::value(text);
}

Result<json::array> flatten_messages(const json::array& messages) {
  json::array out;
  for (const json::value& message : messages) {
    if (!message.is_object())
      return fail(Code::kInvalidArgument, "a message is not a JSON object with role and content");
    json::object copy = message.get_object();
    if (json::value* const content = copy.if_contains("content"))
      *content = TRY(flatten_content(*content));
    out.emplace_back(std::move(copy));
  }
  return out;
}

/// Turns the arguments of earlier calls from JSON text into JSON; false where there were none.
bool unpack_call_arguments(json::array& messages) {
  bool any = false;
  for (json::value& message : messages) {
    json::value* const calls = message.get_object().if_contains("tool_calls");
    if (calls == nullptr || !calls->is_array()) continue;
    for (json::value& call : calls->get_array()) {
      json::object* const object = call.if_object();
      json::value* const function = object == nullptr ? nullptr : object->if_contains("function");
      if (function == nullptr || !function->is_object()) continue;
      json::value* const arguments = function->get_object().if_contains("arguments");
      if (arguments == nullptr || !arguments->is_string()) continue;
      Result<json::value> parsed = base::parse_json(arguments->get_string());
      if (!parsed || !parsed->is_object()) continue;
      *arguments = std::move(*parsed);
      any = true;
    }
  }
  return any;
}

/// Everything that a client wrote, names included, with no control token in it.
json::value as_text(const json::value& value, const text::Tokenizer& tokenizer) {
  if (value.is_string()) return json::value(tokenizer.with_breaks(value.get_string()));
  if (const json::array* const array = value.if_array()) {
    json::array out;
    for (const json::value& item : *array) out.push_back(as_text(item, tokenizer));
    return out;
  }
  if (const json::object* const object = value.if_object()) {
    json::object out;
    for (const auto& member : *object)
      out.emplace(tokenizer.with_breaks(member.key()), as_text(member.value(), tokenizer));
    return out;
  }
  return value;
}

/// Puts the tools and how to call them before what the first message says. There, and not in a
/// system message of its own, because some templates refuse those.
void tell_of_tools(const json::array& tools, json::array& messages) {
  std::string text =
      "You may call the following tools. To call one, write <tool_call>{\"name\": ..., "
      "\"arguments\": {...}}</tool_call> and nothing after the last call.\n";
  for (const json::value& tool : tools) text += json::serialize(tool) + "\n";
  if (messages.empty()) return;
  json::object& first = messages.front().get_object();
  const json::value* const content = first.if_contains("content");
  if (content != nullptr && content->is_string())
    text += "\n" + std::string(std::string_view(content->get_string()));
  first["content"] = text;
}

}  // namespace

Result<std::string> PromptMaker::render(const chat::Request& request) const {
  if (request.kind == chat::Request::Kind::kCompletion) return request.prompt;
  if (chat_template_ == nullptr)
    return fail(Code::kInvalidArgument,
                "this model's file has no chat template; send a plain completion instead");
  text::TemplateInput input;
  input.messages = as_text(TRY(flatten_messages(request.messages)), tokenizer_).as_array();
  input.tools = as_text(offered_tools(request), tokenizer_).as_array();
  if (!input.tools.empty() && !template_knows_tools_) {
    tell_of_tools(input.tools, input.messages);
    input.tools.clear();
  }
  input.bos_token = spelling_or_empty(tokenizer_, tokenizer_.bos());
  input.eos_token = spelling_or_empty(tokenizer_, tokenizer_.eos());
  input.extra = as_text(request.template_extra, tokenizer_).as_object();
  if (!request.tool_choice.is_null()) input.extra.emplace("tool_choice", request.tool_choice);
  // Families know one of these: qwen3 and smollm3 the first, gpt-oss the second.
  if (!request.reasoning_effort.empty()) {
    input.extra.emplace("enable_thinking", request.reasoning_effort != "none");
    input.extra.emplace("reasoning_effort", request.reasoning_effort);
  }
  input.now = clock_.wall();
  // Most templates write the arguments of earlier calls as JSON and want them as objects; some
  // put them into their text and want strings, as the API has them.
  const json::array as_sent = input.messages;
  if (!unpack_call_arguments(input.messages)) return chat_template_->render(input);
  Result<std::string> rendered = chat_template_->render(input);
  if (rendered) return rendered;
  input.messages = as_sent;
  return chat_template_->render(input);
}

Result<Prompt> PromptMaker::make(const chat::Request& request, std::string_view begun,
                                 const ReasoningMarkers* reasoning) const {
  Prompt out;
  out.text = TRY(render(request));
  if (!begun.empty() && reasoning != nullptr && prompt_opens_reasoning(*reasoning, out.text))
    out.text += "\n" + std::string(reasoning->close) + "\n\n";
  out.text += begun;
  out.tokens = tokenizer_.encode(out.text, text::Tokenizer::Special::kParse);
  const text::TokenId bos = tokenizer_.bos();
  if (tokenizer_.add_bos() && bos >= 0 && (out.tokens.empty() || out.tokens.front() != bos))
    out.tokens.insert(out.tokens.begin(), bos);
  if (out.tokens.empty())
    return fail(Code::kInvalidArgument, "the prompt is empty; give the model something to read");
  return out;
}

json::array offered_tools(const chat::Request& request) {
  const json::value& choice = request.tool_choice;
  if (choice.is_string() && choice.get_string() == "none") return {};
  const json::object* const named = choice.if_object();
  const json::value* const function = named == nullptr ? nullptr : named->if_contains("function");
  if (function == nullptr) return request.tools;
  json::array chosen;
  for (const json::value& tool : request.tools)
    if (tool_name(tool) == tool_name(choice)) chosen.push_back(tool);
  return chosen;
}

std::vector<std::string> tool_names(const json::array& tools) {
  std::vector<std::string> names;
  for (const json::value& tool : tools)
    if (const std::string_view name = tool_name(tool); !name.empty()) names.emplace_back(name);
  return names;
}

}  // namespace nearside::engine
