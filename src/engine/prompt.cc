#include "engine/prompt.h"

#include <string>
#include <utility>

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Result;

namespace json = base::json;

namespace {

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

}  // namespace

Result<std::string> PromptMaker::render(const chat::Request& request) const {
  if (request.kind == chat::Request::Kind::kCompletion) return request.prompt;
  if (chat_template_ == nullptr)
    return fail(Code::kInvalidArgument,
                "this model's file has no chat template; send a plain completion instead");
  text::TemplateInput input;
  input.messages = TRY(flatten_messages(request.messages));
  input.tools = request.tools;
  input.bos_token = spelling_or_empty(tokenizer_, tokenizer_.bos());
  input.eos_token = spelling_or_empty(tokenizer_, tokenizer_.eos());
  input.extra = request.template_extra;
  input.now = clock_.wall();
  return chat_template_->render(input);
}

Result<std::vector<text::TokenId>> PromptMaker::tokens(const chat::Request& request) const {
  const std::string text = TRY(render(request));
  std::vector<text::TokenId> out = tokenizer_.encode(text, text::Tokenizer::Special::kParse);
  const text::TokenId bos = tokenizer_.bos();
  if (tokenizer_.add_bos() && bos >= 0 && (out.empty() || out.front() != bos))
    out.insert(out.begin(), bos);
  if (out.empty())
    return fail(Code::kInvalidArgument, "the prompt is empty; give the model something to read");
  return out;
}

}  // namespace nearside::engine
