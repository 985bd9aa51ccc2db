#include "gateway/conversation.h"

#include <utility>

#include "base/json.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

/// Worth an entry: anything that a follow-up would not have by itself.
bool is_worth(const policy::Taint& taint) {
  return taint.level > policy::Sensitivity::kPublic || !taint.detectors.empty();
}

std::string_view string_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

/// The text of a message's content; what is no text, as JSON.
std::string text_of(const json::object& message) {
  const json::value* content = message.if_contains("content");
  if (content == nullptr || content->is_null()) return {};
  if (content->is_string()) return std::string(content->get_string());
  if (!content->is_array()) return json::serialize(*content);
  std::string text;
  for (const json::value& part : content->get_array()) {
    const json::object* object = part.if_object();
    const json::value* inner = object != nullptr ? object->if_contains("text") : nullptr;
    if (inner != nullptr && inner->is_string())
      text += std::string_view(inner->get_string());
    else
      text += json::serialize(part);
  }
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

}  // namespace

void Saying::add_text(std::string_view text) {
  text_ += text.substr(0, kRecognisedBytesMax - text_.size());
}

void Saying::add(const Saying& more) {
  add_text(more.text_);
  calls_ += std::string_view(more.calls_).substr(0, kRecognisedBytesMax - calls_.size());
}

void Saying::add_calls(const json::array& calls) {
  for (const json::value& value : calls) {
    const json::object* call = value.if_object();
    const json::value* function = call != nullptr ? call->if_contains("function") : nullptr;
    if (function == nullptr || !function->is_object()) continue;
    const std::string_view arguments = string_in(function->get_object(), "arguments");
    const auto parsed = base::parse_json(arguments);
    const std::string one = "\n" + std::string(string_in(function->get_object(), "name")) +
                            (parsed ? json::serialize(*parsed) : std::string(arguments));
    calls_ += one.substr(0, kRecognisedBytesMax - calls_.size());
  }
}

std::string Saying::normal() const { return std::string(trimmed(text_)) + calls_; }

std::string_view conversation_in(const chat::Request& request) {
  const json::value* metadata = request.original.if_contains("metadata");
  if (metadata == nullptr || !metadata->is_object()) return {};
  for (const char* name : {"conversation_id", "session_id"})
    if (const auto found = string_in(metadata->get_object(), name); !found.empty()) return found;
  return {};
}

ConversationTrail::ConversationTrail(policy::TaintMemory& memory, std::string_view tenant,
                                     std::string_view key_name, std::string_view header,
                                     const chat::Request& request)
    : memory_(&memory), caller_(memory.name(memory.name(tenant), key_name)) {
  const std::string_view name = header.empty() ? conversation_in(request) : header;
  if (!name.empty()) named_ = memory.name(memory.name(caller_, "name"), name);
  history_ = memory.name(caller_, "history");
  if (request.kind == chat::Request::Kind::kChat) read_history(request);
}

base::KeyedHash ConversationTrail::telling(std::string_view saying) const {
  return memory_->name(memory_->name(caller_, "answer"), saying);
}

void ConversationTrail::end_saying() {
  if (open_.empty()) return;
  const std::string said = std::exchange(open_, {}).normal();
  history_ = memory_->name(memory_->name(history_, "assistant"), said);
  known_.push_back(history_);
  if (said.size() >= kTellingBytesMin) known_.push_back(telling(said));
}

void ConversationTrail::read_history(const chat::Request& request) {
  for (const json::value& value : request.messages) {
    const json::object* message = value.if_object();
    if (message == nullptr) continue;
    const std::string_view role = string_in(*message, "role");
    if (role == "system" || role == "developer") continue;
    if (role == "assistant") {
      // Some dialects write one answer as several messages: those in a row are one.
      open_.add_text(text_of(*message));
      const json::value* calls = message->if_contains("tool_calls");
      if (calls != nullptr && calls->is_array()) open_.add_calls(calls->get_array());
      continue;
    }
    end_saying();
    const std::string text = text_of(*message);
    history_ = memory_->name(memory_->name(history_, role), trimmed(text));
  }
}

policy::Taint ConversationTrail::inherited(base::SteadyTime now) const {
  policy::Taint all;
  if (memory_ == nullptr) return all;
  const auto take = [&](const base::KeyedHash& name) {
    if (const auto found = memory_->find(name, now)) all.merge(*found);
  };
  if (named_) take(*named_);
  for (const base::KeyedHash& name : known_) take(name);
  return all;
}

void ConversationTrail::remember_asked(const policy::Taint& taint, base::SteadyTime now) const {
  if (memory_ != nullptr && named_ && is_worth(taint)) memory_->remember(*named_, taint, now);
}

void ConversationTrail::remember_answered(const std::vector<Saying>& choices,
                                          const policy::Taint& taint, base::SteadyTime now) const {
  if (memory_ == nullptr || !is_worth(taint)) return;
  remember_asked(taint, now);
  for (const Saying& choice : choices) {
    if (choice.empty()) continue;
    Saying whole = open_;
    whole.add(choice);
    const std::string said = whole.normal();
    memory_->remember(memory_->name(memory_->name(history_, "assistant"), said), taint, now);
    if (said.size() >= kTellingBytesMin) memory_->remember(telling(said), taint, now);
  }
}

}  // namespace nearside::gateway
