#include "text/jinja_budget.h"

namespace nearside::text::jinja {

using base::Code;
using base::fail;

namespace {
constexpr std::size_t kTextBytesPerStep = 64;
}  // namespace

base::Error Budget::too_many_steps() const {
  return fail(Code::kTooLarge, "the chat template takes more than {} steps", limits_.steps_max);
}

base::Status Budget::charge_items(std::size_t items) {
  if (!take_steps(items)) return too_many_steps();
  return {};
}

base::Status Budget::charge_text(std::size_t bytes) {
  if (bytes > limits_.output_bytes_max)
    return fail(Code::kTooLarge, "the chat template makes a text of more than {} bytes",
                limits_.output_bytes_max);
  if (!take_steps(bytes / kTextBytesPerStep)) return too_many_steps();
  return {};
}

base::Status Budget::charge_code_points(std::size_t bytes) { return charge_items(bytes / 2); }

base::Status Budget::charge_search(std::size_t text_bytes, std::size_t part_bytes) {
  // Measured: looking for long texts takes 3 ns a byte of both, for short ones a fraction of one.
  constexpr std::size_t kShortBytes = 16;
  constexpr std::size_t kLongBytesPerStep = 16;
  return charge_items(part_bytes <= kShortBytes ? text_bytes / kTextBytesPerStep
                                                : (text_bytes + part_bytes) / kLongBytesPerStep);
}

base::Status Budget::hold(std::size_t bytes) {
  if (bytes > limits_.value_bytes_max - held_bytes_)
    return fail(Code::kTooLarge, "the chat template's values take more than {} bytes",
                limits_.value_bytes_max);
  held_bytes_ += bytes;
  return {};
}

base::Status Budget::check_depth(std::size_t depth) const {
  if (depth > limits_.depth_max)
    return fail(Code::kTooLarge, "the chat template nests values deeper than {}",
                limits_.depth_max);
  return {};
}

}  // namespace nearside::text::jinja
