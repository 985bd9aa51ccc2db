#include "telemetry/decision_id.h"

#include <algorithm>

namespace nearside::telemetry {

namespace {

constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The lowest `count` groups of five bits, highest first.
void put(std::string& out, std::uint64_t bits, int count) {
  for (int i = count - 1; i >= 0; --i) out += kAlphabet[(bits >> (5 * i)) & 31];
}

}  // namespace

DecisionIds::DecisionIds(const base::Clock& clock, std::uint64_t seed)
    : clock_(clock), random_(seed) {}

std::string DecisionIds::next() {
  const auto since = clock_.wall().time_since_epoch();
  const auto now_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count(), 0));
  const std::scoped_lock lock(mutex_);
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    high_ = static_cast<std::uint16_t>(random_() >> 48 & 0x7FFF);  // room to count up
    low_ = random_();
  } else if (++low_ == 0) {  // the same millisecond, or a clock that jumped back
    ++high_;
  }
  std::string id;
  id.reserve(26);
  put(id, last_ms_ & 0xFFFF'FFFF'FFFF, 10);
  // 80 bits as 16 characters: 40 and 40.
  put(id, (std::uint64_t{high_} << 24) | (low_ >> 40), 8);
  put(id, low_ & 0xFF'FFFF'FFFF, 8);
  return id;
}

}  // namespace nearside::telemetry
