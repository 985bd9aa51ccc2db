// How many calls a client may have under way. Only this room's clients include this.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/result.h"

namespace nearside::http {

/// Thread-safe. Every take() that succeeds is given back once.
class CallBound {
 public:
  explicit CallBound(std::size_t calls_max) : calls_max_(calls_max) {}

  /// Errors: kExhausted.
  base::Status take() {
    if (under_way_.fetch_add(1) < calls_max_) return {};
    --under_way_;
    return base::fail(base::Code::kExhausted, "{} calls to other servers are under way",
                      calls_max_);
  }
  void give_back(std::size_t calls = 1) { under_way_ -= calls; }

 private:
  const std::size_t calls_max_;
  std::atomic<std::size_t> under_way_{0};
};

}  // namespace nearside::http
