// What one rendering may still use: steps, bytes of living values, bytes of one text, depth.
//
// Every value that a template makes is charged here when it is made and given back when it dies,
// so that a template from a hostile file ends with kTooLarge long before the machine suffers.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "text/chat_template.h"

namespace nearside::text::jinja {

/// Not thread-safe: belongs to one rendering. Outlives every value it was charged for.
class Budget {
 public:
  explicit Budget(const TemplateLimits& limits) : limits_(limits), steps_left_(limits.steps_max) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  /// False when that many steps are not left; the caller then returns too_many_steps().
  [[nodiscard]] bool take_steps(std::size_t steps = 1) {
    if (steps > steps_left_) return false;
    steps_left_ -= steps;
    return true;
  }
  [[nodiscard]] base::Error too_many_steps() const;

  /// Work of one step for each item. Errors: kTooLarge.
  base::Status charge_items(std::size_t items);
  /// Asked before a text of that size is made or searched: copying is work too (a step for 64
  /// bytes, which takes about as long as evaluating a node). Errors: kTooLarge.
  base::Status charge_text(std::size_t bytes);
  /// Before each code point of so many bytes is decoded and mapped: a step for two bytes.
  base::Status charge_code_points(std::size_t bytes);
  /// Before one text is searched in another. Errors of both: kTooLarge.
  base::Status charge_search(std::size_t text_bytes, std::size_t part_bytes);
  /// Bytes held by a living value; given back by release(). Errors: kTooLarge.
  base::Status hold(std::size_t bytes);
  void release(std::size_t bytes) { held_bytes_ -= bytes; }
  /// Errors: kTooLarge (values nested deeper than the limit).
  base::Status check_depth(std::size_t depth) const;

  [[nodiscard]] const TemplateLimits& limits() const { return limits_; }
  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

 private:
  const TemplateLimits& limits_;
  std::size_t steps_left_;
  std::size_t held_bytes_ = 0;
};

}  // namespace nearside::text::jinja
