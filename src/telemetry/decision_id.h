// Names for decisions: unique, and sorted by time.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>

#include "base/clock.h"

namespace nearside::telemetry {

/// 26 characters of Crockford's base 32: 48 bits of milliseconds, then 80 random bits that count up
/// within a millisecond. Source: the ULID specification. Thread-safe.
class DecisionIds {
 public:
  /// `seed` comes from the system's randomness in production, from the test otherwise.
  DecisionIds(const base::Clock& clock, std::uint64_t seed);
  std::string next();

 private:
  const base::Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::mt19937_64 random_;
  std::uint64_t last_ms_ = 0;
  std::uint16_t high_ = 0;  // the random part's upper 16 bits
  std::uint64_t low_ = 0;   // and its lower 64
};

}  // namespace nearside::telemetry
