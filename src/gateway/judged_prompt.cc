#include "gateway/judged_prompt.h"

#include <algorithm>

#include "policy/quality/prompt_features.h"

namespace nearside::gateway {

namespace json = base::json;

namespace {

void append(std::string& out, std::string_view text) {
  std::size_t room = policy::kPromptBytesRead - std::min(out.size(), policy::kPromptBytesRead);
  if (text.size() > room) {
    // A character begins where no byte of the form 10xxxxxx stands.
    while (room > 0 && (static_cast<unsigned char>(text[room]) & 0xC0U) == 0x80U) --room;
    text = text.substr(0, room);
  }
  out += text;
}

}  // namespace

std::string judged_prompt(const chat::Request& request) {
  std::string out;
  if (request.kind == chat::Request::Kind::kCompletion) append(out, request.prompt);
  if (request.kind != chat::Request::Kind::kChat) return out;
  for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message) {
    const json::object* fields = message->if_object();
    const json::value* role = fields == nullptr ? nullptr : fields->if_contains("role");
    if (role == nullptr || !role->is_string() || role->get_string() != "user") continue;
    const json::value* content = fields->if_contains("content");
    if (content == nullptr) return out;
    if (const json::string* text = content->if_string()) append(out, *text);
    if (const json::array* parts = content->if_array())
      for (const json::value& part : *parts)
        if (const json::object* one = part.if_object())
          if (const json::value* text = one->if_contains("text");
              text != nullptr && text->is_string())
            append(out, text->get_string());
    return out;
  }
  return out;
}

}  // namespace nearside::gateway
