// Tells what a model thinks before it answers from the answer, in text that arrives in pieces.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace nearside::engine {

/// What a family writes around its thoughts.
struct ReasoningMarkers {
  std::string_view open;
  std::string_view close;
};

[[nodiscard]] std::span<const ReasoningMarkers> reasoning_markers();

/// Those that the chat template mentions; null: its model does not think aloud.
[[nodiscard]] const ReasoningMarkers* find_reasoning_markers(std::string_view chat_template);

/// Whether a rendered prompt has begun the thoughts itself, so that the model's text starts inside
/// them.
[[nodiscard]] bool prompt_opens_reasoning(const ReasoningMarkers& markers, std::string_view prompt);

/// Thoughts come first or not at all: a marker in the middle of an answer is text like any other.
/// Markers and the whitespace around them go to nobody. Takes and gives valid UTF-8; holds back
/// less than a marker and the whitespace before it.
class ReasoningSplitter {
 public:
  /// `markers` null: everything is answer. `inside`: the prompt has opened the thoughts.
  ReasoningSplitter(const ReasoningMarkers* markers, bool inside);

  struct Split {
    std::string reasoning;
    std::string answer;
  };
  [[nodiscard]] Split push(std::string_view text);
  /// The text ends here: what was held back.
  [[nodiscard]] Split finish();
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  /// Inside the thoughts.
  [[nodiscard]] bool thinking() const { return place_ == Place::kThoughts; }
  /// The answer has begun, or may have: thoughts and their marks are not under way.
  [[nodiscard]] bool answering() const {
    return place_ == Place::kAnswer || place_ == Place::kStart;
  }

 private:
  enum class Place { kStart, kThoughts, kAfterThoughts, kAnswer };
  /// One step on with held_; false when more text is needed.
  bool advance(Split& out);

  const ReasoningMarkers* markers_;
  Place place_;
  bool any_thought_ = false;
  std::string held_;
};

}  // namespace nearside::engine
