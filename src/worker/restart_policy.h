// When to start a dead worker again. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace nearside::worker {

struct RestartOptions {
  std::chrono::milliseconds delay_first{250};
  std::chrono::milliseconds delay_max{30'000};  // doubling stops here
  /// A worker that served this long was sound: the delays begin anew.
  std::chrono::milliseconds healthy_after{60'000};
  /// Deaths in a row before the model was ready. Its file kills the worker; trying for ever would
  /// only burn the machine.
  std::size_t loading_deaths_max = 3;
};

class RestartPolicy {
 public:
  explicit RestartPolicy(const RestartOptions& options) : options_(options) {}

  /// A worker died, `served_for` after its model was ready, or (empty) before. How long to wait
  /// before the next one; empty: start none.
  std::optional<std::chrono::milliseconds> after_death(
      std::optional<std::chrono::milliseconds> served_for);

 private:
  RestartOptions options_;
  std::size_t loading_deaths_ = 0;  // in a row
  std::chrono::milliseconds delay_next_ = options_.delay_first;
};

}  // namespace nearside::worker
