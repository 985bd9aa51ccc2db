#include "upstream/breaker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace nearside::upstream {

bool Breaker::admit(base::SteadyTime now) {
  if (!open_) return true;
  if (now < open_until_ || trying_) return false;
  trying_ = true;
  return true;
}

void Breaker::succeeded() {
  failures_in_a_row_ = 0;
  open_ = false;
  trying_ = false;
  pause_ = {};
  why_.clear();
}

void Breaker::failed(base::SteadyTime now, std::string why,
                     std::optional<std::chrono::milliseconds> asked_to_wait) {
  ++failures_in_a_row_;
  why_ = std::move(why);
  const bool was_the_try = open_ && trying_;
  trying_ = false;
  if (!was_the_try && !asked_to_wait && failures_in_a_row_ < options_.failures_to_open) return;
  // A failure of a request that was sent before the breaker opened says nothing new.
  if (open_ && !was_the_try && now < open_until_) return;
  pause_ = std::min(pause_.count() == 0 ? options_.pause_first : pause_ * 2, options_.pause_max);
  if (asked_to_wait) pause_ = std::clamp(*asked_to_wait, options_.pause_first, options_.pause_max);
  open_ = true;
  open_until_ = now + pause_;
}

void Breaker::withdrawn() { trying_ = false; }

std::optional<std::string> Breaker::closed_off(base::SteadyTime now) const {
  if (!open_) return std::nullopt;
  if (now >= open_until_ && !trying_) return std::nullopt;
  if (now >= open_until_) return fmt::format("being tried again after: {}", why_);
  const auto left = std::chrono::ceil<std::chrono::seconds>(open_until_ - now).count();
  return fmt::format("paused for {} s after {} failures in a row, the last: {}", left,
                     failures_in_a_row_, why_);
}

}  // namespace nearside::upstream
