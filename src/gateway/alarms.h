// Calls functions at given times: what ends requests that take too long.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/clock.h"

namespace nearside::gateway {

/// One thread for all alarms. Thread-safe.
class Alarms {
 public:
  using Id = std::pair<base::SteadyTime, std::uint64_t>;

  Alarms();
  /// Alarms that have not rung never will.
  ~Alarms();
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;

  /// `ring` is called once at or after `when` on the alarm thread, unless cancelled; it must not
  /// block. Capture a weak_ptr: it may run at the same time as cancel().
  Id set(base::SteadyTime when, std::function<void()> ring);
  void cancel(const Id& id);

 private:
  void run();

  std::mutex mutex_;  // guards the four below
  std::map<Id, std::function<void()>> pending_;
  std::uint64_t next_ = 0;
  bool stopping_ = false;
  base::SteadyTime sleeps_until_{};  // unless it is woken
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace nearside::gateway
