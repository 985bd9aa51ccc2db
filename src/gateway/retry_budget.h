// How often this node may ask all over again: a share of what succeeds or fails, so that retries
// never multiply the load on servers that are down.
// Source: Finagle's retry budget; the share of a tenth is Envoy's and Linkerd's order of magnitude.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace nearside::gateway {

/// Thread-safe.
class RetryBudget {
 public:
  /// Ten requests earn one retry; no more than ten are saved, so that a quiet night does not pay
  /// for a storm in the morning.
  static constexpr int kRequestsForARetry = 10;
  static constexpr int kRetriesSaved = 10;

  void earn() {
    const std::scoped_lock lock(mutex_);
    saved_ = std::min(saved_ + 1, kRetriesSaved * kRequestsForARetry);
  }
  /// True when a retry may be made; it is paid then.
  bool spend() {
    const std::scoped_lock lock(mutex_);
    if (saved_ < kRequestsForARetry) return false;
    saved_ -= kRequestsForARetry;
    return true;
  }
  /// Whether spend() would be granted now.
  [[nodiscard]] bool affords_one() const {
    const std::scoped_lock lock(mutex_);
    return saved_ >= kRequestsForARetry;
  }

 private:
  mutable std::mutex mutex_;  // guards saved_
  int saved_ = 0;             // in requests
};

}  // namespace nearside::gateway
