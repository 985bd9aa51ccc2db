// A bound on the requests under way at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace nearside::gateway {

/// Thread-safe. Must outlive its passes.
class ConcurrencyGate {
 public:
  /// One request's place, given back on destruction.
  class Pass {
   public:
    explicit Pass(ConcurrencyGate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr) --gate_->inside_;
    }

   private:
    ConcurrencyGate* gate_;
  };

  /// Empty when `inside_max` are inside; the bound may differ between calls, as when a
  /// configuration is reloaded.
  std::optional<Pass> enter(std::size_t inside_max) {
    if (inside_.fetch_add(1) < inside_max) return Pass(this);
    --inside_;
    return std::nullopt;
  }
  [[nodiscard]] std::size_t inside() const { return inside_; }

 private:
  std::atomic<std::size_t> inside_{0};
};

}  // namespace nearside::gateway
