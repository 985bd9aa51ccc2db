#include "gateway/resume.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace nearside::gateway {
namespace {

using base::Code;

/// Whether the model is free to answer with a text.
bool free_choice(const base::json::value& tool_choice) {
  return tool_choice.is_null() || (tool_choice.is_string() && (tool_choice.get_string() == "auto" ||
                                                               tool_choice.get_string() == "none"));
}

}  // namespace

bool may_resume(const policy::Objective& objective, std::optional<bool> wished, const Asked& asked,
                const policy::Decision& decision, bool uses_template) {
  const bool wanted = objective.resume == policy::Resume::kOn      ? wished.value_or(true)
                      : objective.resume == policy::Resume::kAsked ? wished.value_or(false)
                                                                   : false;
  const chat::Request& request = asked.request;
  return wanted && asked.stream && request.kind != chat::Request::Kind::kEmbedding &&
         request.choices == 1 && !request.logprobs &&
         request.format.kind == chat::AnswerFormat::Kind::kText &&
         free_choice(request.tool_choice) && !uses_template && !decision.cascade;
}

chat::Usage sum(const chat::Usage& one, const chat::Usage& other) {
  return {.prompt_tokens = one.prompt_tokens + other.prompt_tokens,
          .completion_tokens = one.completion_tokens + other.completion_tokens,
          .cached_tokens = one.cached_tokens + other.cached_tokens,
          .estimated = one.estimated || other.estimated,
          .cache_write_tokens = one.cache_write_tokens + other.cache_write_tokens,
          .reasoning_tokens = one.reasoning_tokens + other.reasoning_tokens};
}

void Resume::sent(const chat::Event& event) {
  if (!possible_) return;
  if (const auto* text = std::get_if<chat::TextDelta>(&event)) {
    if (text_.size() + text->text.size() > kTextBytesMax) return forbid();
    if (!seam()) text_ += text->text;
  } else if (!std::holds_alternative<chat::ReasoningDelta>(event)) {
    forbid();
  } else if (!text_.empty()) {
    forbid();  // thoughts between texts
  }
}

void Resume::begin(policy::Decision decision, std::vector<std::string> tried, base::Error why,
                   const chat::Usage& used) {
  CHECK(possible());
  decision_ = std::move(decision);
  tried_ = std::move(tried);
  why_ = std::move(why);
  used_ = used;
}

const policy::Considered* Resume::next() {
  while (next_rank_ < decision_->ranked.size()) {
    const policy::Considered& one = decision_->considered[decision_->ranked[next_rank_++]];
    if (std::find(tried_.begin(), tried_.end(), one.target) != tried_.end()) continue;
    comparing_ = text_.size() >= kBeginningBytesLeast;
    held_.clear();
    return &one;
  }
  return nullptr;
}

std::vector<chat::Event> Resume::pass(chat::Event event, const chat::Usage& used) {
  std::vector<chat::Event> out;
  if (std::holds_alternative<chat::ReasoningDelta>(event)) return out;
  auto* text = std::get_if<chat::TextDelta>(&event);
  const bool failed = std::holds_alternative<chat::Failed>(event);
  if (comparing_ && text != nullptr) {
    const std::string_view beginning = std::string_view(text_).substr(0, kBeginningBytes);
    held_ += text->text;
    if (held_.starts_with(beginning)) {
      comparing_ = false;
      held_.clear();
      out.emplace_back(chat::Failed{
          base::fail(Code::kUnsupported, "it began the answer again instead of writing on"), used});
      return out;
    }
    if (beginning.starts_with(held_)) return out;
    comparing_ = false;
    text->text = std::exchange(held_, {});
  } else if (!held_.empty() && !failed) {
    comparing_ = false;
    chat::TextDelta before;
    before.text = std::exchange(held_, {});
    out.emplace_back(std::move(before));
  }
  out.push_back(std::move(event));
  return out;
}

}  // namespace nearside::gateway
