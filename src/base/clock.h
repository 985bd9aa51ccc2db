// Time as an input: everything that needs to know the time is handed a Clock, so tests can turn it.
#pragma once

#include <chrono>
#include <string>

namespace nearside::base {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Civil time: for records and certificates. May jump.
  [[nodiscard]] virtual WallTime wall() const = 0;
  /// For deadlines and durations. Never goes back.
  [[nodiscard]] virtual SteadyTime steady() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return std::chrono::system_clock::now(); }
  [[nodiscard]] SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

/// Stands still until advanced. Not thread-safe: for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start)
      : wall_(start), steady_(SteadyTime{} + std::chrono::hours(1)) {}
  [[nodiscard]] WallTime wall() const override { return wall_; }
  [[nodiscard]] SteadyTime steady() const override { return steady_; }
  void advance(std::chrono::nanoseconds by) {
    wall_ += std::chrono::duration_cast<WallTime::duration>(by);
    steady_ += std::chrono::duration_cast<SteadyTime::duration>(by);
  }

 private:
  WallTime wall_;
  SteadyTime steady_;
};

/// "2026-01-15T09:30:00.123Z": RFC 3339 in UTC with milliseconds.
std::string format_rfc3339(WallTime time);

}  // namespace nearside::base
