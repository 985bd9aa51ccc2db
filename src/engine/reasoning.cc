#include "engine/reasoning.h"

#include <utility>

#include "engine/held_text.h"

namespace nearside::engine {

namespace {

// One line for each family's spelling.
constexpr ReasoningMarkers kMarkers[] = {
    {"<think>", "</think>"},              // qwen3, deepseek-r1, smollm3, glm, kimi
    {"[THINK]", "[/THINK]"},              // mistral
    {"<|channel>thought", "<channel|>"},  // gemma 4
};

}  // namespace

std::span<const ReasoningMarkers> reasoning_markers() { return kMarkers; }

const ReasoningMarkers* find_reasoning_markers(std::string_view chat_template) {
  for (const ReasoningMarkers& markers : kMarkers)
    if (chat_template.find(markers.open) != std::string_view::npos ||
        chat_template.find(markers.close) != std::string_view::npos)
      return &markers;
  return nullptr;
}

bool prompt_opens_reasoning(const ReasoningMarkers& markers, std::string_view prompt) {
  prompt.remove_suffix(trailing_space_bytes(prompt));
  return prompt.ends_with(markers.open);
}

ReasoningSplitter::ReasoningSplitter(const ReasoningMarkers* markers, bool inside)
    : markers_(markers),
      place_(markers == nullptr ? Place::kAnswer
             : inside           ? Place::kThoughts
                                : Place::kStart) {}

ReasoningSplitter::Split ReasoningSplitter::push(std::string_view text) {
  held_.append(text);
  Split out;
  while (!held_.empty() && advance(out)) {
  }
  return out;
}

ReasoningSplitter::Split ReasoningSplitter::finish() {
  Split out;
  std::string rest = std::exchange(held_, {});
  if (place_ == Place::kThoughts)
    out.reasoning = std::move(rest);
  else if (place_ != Place::kAfterThoughts)
    out.answer = std::move(rest);
  return out;
}

bool ReasoningSplitter::advance(Split& out) {
  switch (place_) {
    case Place::kStart: {
      const std::string_view text = without_leading_space(held_);
      if (text.starts_with(markers_->open)) {
        held_ = std::string(text.substr(markers_->open.size()));
        place_ = Place::kThoughts;
        return true;
      }
      if (markers_->open.starts_with(text)) return false;
      place_ = Place::kAnswer;
      return true;
    }
    case Place::kThoughts: {
      if (!any_thought_) held_ = std::string(without_leading_space(held_));
      const std::size_t close = held_.find(markers_->close);
      std::size_t end = close;
      if (close == std::string::npos)
        end = held_.size() - begun_marker_bytes(held_, markers_->close);
      end -= trailing_space_bytes(std::string_view(held_).substr(0, end));
      any_thought_ = any_thought_ || end > 0;
      out.reasoning.append(held_, 0, end);
      if (close == std::string::npos) {
        held_.erase(0, end);
        return false;
      }
      held_.erase(0, close + markers_->close.size());
      place_ = Place::kAfterThoughts;
      return true;
    }
    case Place::kAfterThoughts:
      held_ = std::string(without_leading_space(held_));
      if (held_.empty()) return false;
      place_ = Place::kAnswer;
      return true;
    case Place::kAnswer:
      out.answer += std::exchange(held_, {});
      return false;
  }
  return false;
}

}  // namespace nearside::engine
