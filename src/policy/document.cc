#include "policy/document.h"

#include <algorithm>

namespace nearside::policy {

namespace json = base::json;

namespace {

// Keys and values of OpenAI's own message shapes: markup of the protocol, not data of the caller.
constexpr std::string_view kProtocolKeys[] = {
    "role",     "content", "type",         "text",        "name",       "arguments",  "tool_calls",
    "function", "id",      "tool_call_id", "description", "parameters", "properties", "required",
    "refusal",  "items",   "enum",         "strict",      "input_text", "output"};
constexpr std::string_view kAttachmentTypes[] = {
    "image_url", "input_image", "input_audio", "file", "input_file", "image", "audio", "video_url"};

template <std::size_t N>
bool contains(const std::string_view (&list)[N], std::string_view item) {
  return std::find(std::begin(list), std::end(list), item) != std::end(list);
}

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

}  // namespace

bool is_protocol_word(const json::key_value_pair& member) {
  if (member.key() != "type" && member.key() != "role") return false;
  const json::string* text = member.value().if_string();
  return text != nullptr && std::all_of(text->begin(), text->end(),
                                        [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

/// Walks JSON and collects what could carry the caller's data. Depth is bounded by the JSON parser.
class ConversationReader {
 public:
  explicit ConversationReader(Conversation& out) : out_(out) {}

  void add(std::string_view text, std::size_t message_index, bool from_user) {
    if (text.empty()) return;
    out_.text_bytes_ += text.size();
    out_.documents_.push_back({text, message_index, from_user});
  }

  /// For a text whose owner dies before the conversation does.
  void add_owned(std::string text, std::size_t message_index, bool from_user) {
    if (text.empty()) return;
    out_.decoded_.push_back(std::move(text));
    add(out_.decoded_.back(), message_index, from_user);
  }

  void message(const json::value& message, std::size_t index) {
    const json::object* object = message.if_object();
    if (object == nullptr) return walk(message, index, false, false);
    const json::value* role = object->if_contains("role");
    const bool from_user = role != nullptr && role->is_string() && role->get_string() == "user";
    for (const auto& [key, value] : *object) {
      if (std::string_view(key) == "role") continue;
      if (!contains(kProtocolKeys, key)) add(key, index, false);
      walk(value, index, from_user, false);
    }
  }

  /// `owned`: the JSON is a temporary, so texts are copied.
  /// REQUIRES: the value lives as long as the request, unless `owned` (an array or object converted
  /// to a value on the way here would be a temporary copy).
  void walk(const json::value& value, std::size_t index, bool from_user, bool owned) {
    if (const json::string* text = value.if_string())
      return put(view(*text), index, from_user, owned);
    if (const json::array* array = value.if_array()) {
      for (const json::value& item : *array) walk(item, index, from_user, owned);
      return;
    }
    if (const json::object* object = value.if_object())
      return members(*object, index, from_user, owned);
    // A card or telephone number may well be a JSON number.
    if (value.is_int64() || value.is_uint64()) add_owned(json::serialize(value), index, false);
  }

  /// What an upstream of the client's own dialect would get besides the fields read above: `user`,
  /// `metadata` and whatever else the client wrote. A field that was read above is read again only
  /// if it differs, since what leaves is the original.
  void original(const chat::Request& request) {
    for (const auto& [key, value] : request.original) {
      const std::string_view name = key;
      if (name == "model" || name == "stream") continue;
      if (name == "messages" && value.is_array() && value.get_array() == request.messages) continue;
      if (name == "tools" && value.is_array() && value.get_array() == request.tools) continue;
      if (name == "prompt" && value.is_string() && view(value.get_string()) == request.prompt)
        continue;
      walk(value, kToolsIndex, false, false);
    }
  }

 private:
  void put(std::string_view text, std::size_t index, bool from_user, bool owned) {
    if (owned)
      add_owned(std::string(text), index, from_user);
    else
      add(text, index, from_user);
  }

  void members(const json::object& object, std::size_t index, bool from_user, bool owned) {
    const json::value* type = object.if_contains("type");
    if (type != nullptr && type->is_string() &&
        contains(kAttachmentTypes, view(type->get_string()))) {
      // Its bytes (often megabytes of base64) are no text; what they show is not known.
      ++out_.attachments_count_;
      return;
    }
    for (const auto& member : object) {
      const std::string_view name = member.key();
      const json::value& value = member.value();
      if (is_protocol_word(member)) continue;
      if (!contains(kProtocolKeys, name)) put(name, index, false, owned);
      if (name == "arguments" && value.is_string()) {
        arguments(view(value.get_string()), index);
        continue;
      }
      walk(value, index, from_user, owned);
    }
  }

  /// JSON inside a string: in its escaped form `\n` or `\u0040` would hide what follows from
  /// patterns that want a word's beginning.
  void arguments(std::string_view text, std::size_t index) {
    auto parsed = base::parse_json(text);
    if (!parsed || parsed->is_string()) return add_owned(std::string(text), index, false);
    walk(*parsed, index, false, true);
  }

  Conversation& out_;
};

Conversation Conversation::of(const chat::Request& request) {
  Conversation conversation;
  ConversationReader reader(conversation);
  conversation.documents_.reserve(request.messages.size() + 4);
  for (std::size_t i = 0; i < request.messages.size(); ++i) reader.message(request.messages[i], i);
  for (const json::value& tool : request.tools) reader.walk(tool, kToolsIndex, false, false);
  for (const auto& [key, value] : request.template_extra) {
    reader.add(key, kToolsIndex, false);
    reader.walk(value, kToolsIndex, false, false);
  }
  reader.add(request.prompt, 0, true);
  // A client's own request has them in its original, which is read below.
  if (request.original.empty())
    for (const std::string& input : request.inputs) reader.add(input, 0, true);
  reader.original(request);
  for (const std::string& stop : request.stop) reader.add(stop, kToolsIndex, false);
  reader.add(request.begun, request.messages.size(), false);
  return conversation;
}

Conversation Conversation::of(std::string_view text) {
  Conversation conversation;
  ConversationReader(conversation).add(text, 0, true);
  return conversation;
}

}  // namespace nearside::policy
