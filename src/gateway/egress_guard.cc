#include "gateway/egress_guard.h"

#include <utility>

#include "base/json.h"

namespace nearside::gateway {

namespace json = base::json;

namespace {

/// What a piece of tool calls says: its arguments, without the names and the JSON around them,
/// which would stand between the letters of a copy.
std::string text_of_calls(const std::string& tool_calls_json) {
  const auto calls = base::parse_json(tool_calls_json);
  // What cannot be read is read as it is; whoever assembles it refuses it anyway.
  if (!calls || !calls->is_array()) return tool_calls_json;
  std::string text;
  for (const json::value& call : calls->get_array()) {
    const json::object* object = call.if_object();
    const json::value* function = object == nullptr ? nullptr : object->if_contains("function");
    if (function == nullptr || !function->is_object()) continue;
    const json::value* const arguments = function->get_object().if_contains("arguments");
    if (arguments != nullptr && arguments->is_string()) text += arguments->get_string();
  }
  return text;
}

/// Takes the first `bytes` of a text or a thought off it.
chat::Event split(chat::Event& event, std::size_t bytes) {
  if (auto* text = std::get_if<chat::TextDelta>(&event)) {
    chat::TextDelta front{text->text.substr(0, bytes), text->choice, {}};
    text->text.erase(0, bytes);
    return front;
  }
  auto& thought = std::get<chat::ReasoningDelta>(event);
  chat::ReasoningDelta front{thought.text.substr(0, bytes), thought.choice, {}};
  thought.text.erase(0, bytes);
  return front;
}

}  // namespace

EgressGuard::Choice& EgressGuard::choice(std::uint32_t index) {
  const auto found = choices_.find(index);
  if (found != choices_.end()) return found->second;
  return choices_
      .emplace(index,
               Choice{vault::EgressFilter(use_.patterns), vault::CanaryWatch(use_.canary), {}, 0})
      .first->second;
}

void EgressGuard::read(Choice& choice, chat::Event event, const std::string& text,
                       std::vector<chat::Event>& out) {
  choice.held.push_back({std::move(event), text.size()});
  const vault::Egress egress = choice.filter.push(text);
  if (egress.leaked || choice.canary.push(text)) {
    leaked_ = true;
    return;
  }
  choice.cleared += egress.text.size();
  release(choice, out);
}

void EgressGuard::release(Choice& choice, std::vector<chat::Event>& out) {
  while (!choice.held.empty()) {
    Held& first = choice.held.front();
    if (first.bytes <= choice.cleared) {
      choice.cleared -= first.bytes;
      out.push_back(std::move(first.event));
      choice.held.pop_front();
      continue;
    }
    // A tool call's piece goes whole or not at all.
    if (choice.cleared == 0 || std::holds_alternative<chat::ToolCallDelta>(first.event)) return;
    out.push_back(split(first.event, choice.cleared));
    first.bytes -= choice.cleared;
    choice.cleared = 0;
  }
}

void EgressGuard::release_all(Choice& choice, std::vector<chat::Event>& out) {
  choice.cleared += choice.filter.finish().text.size();
  release(choice, out);
}

std::vector<chat::Event> EgressGuard::pass(chat::Event event) {
  std::vector<chat::Event> out;
  if (leaked_) return out;
  if (auto* text = std::get_if<chat::TextDelta>(&event)) {
    const std::string said = text->text;
    read(choice(text->choice), std::move(event), said, out);
  } else if (auto* thought = std::get_if<chat::ReasoningDelta>(&event)) {
    const std::string said = thought->text;
    read(choice(thought->choice), std::move(event), said, out);
  } else if (auto* calls = std::get_if<chat::ToolCallDelta>(&event)) {
    const std::string said = text_of_calls(calls->tool_calls_json);
    read(choice(calls->choice), std::move(event), said, out);
  } else if (auto* ended = std::get_if<chat::ChoiceEnded>(&event)) {
    release_all(choice(ended->choice), out);
    out.push_back(std::move(event));
  } else {
    if (std::holds_alternative<chat::Finished>(event))
      for (auto& [index, one] : choices_) release_all(one, out);
    out.push_back(std::move(event));
  }
  return out;
}

}  // namespace nearside::gateway
