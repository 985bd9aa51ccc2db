// How much each tenant has been given, so that the next turn goes to who had least.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace nearside::engine {

/// Source: Sheng et al., "Fairness in Serving Large Language Models" (2024), virtual token
/// counters: a tenant that comes back after a pause is lifted to the least of those at work, so
/// that idleness earns no credit. Not thread-safe.
class FairShare {
 public:
  /// Idle tenants that are remembered; one more, and who had least is forgotten.
  static constexpr std::size_t kTenantsMax = 1024;

  /// Work of the tenant came in or has ended; calls come in pairs.
  void begin(std::string_view tenant);
  void end(std::string_view tenant);
  void charge(std::string_view tenant, std::uint64_t tokens);
  /// Tokens given so far, counted as above.
  [[nodiscard]] std::uint64_t served(std::string_view tenant) const;
  /// Tenants with work.
  [[nodiscard]] std::size_t active() const { return active_; }

 private:
  struct Account {
    std::uint64_t served = 0;
    std::size_t works = 0;
  };
  std::map<std::string, Account, std::less<>> accounts_;
  std::size_t active_ = 0;
};

}  // namespace nearside::engine
