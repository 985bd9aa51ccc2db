// Answers that are given again when the same tenant sends the same bytes. Off unless a tenant is
// listed for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/dialect.h"
#include "trust/sha256.h"

namespace nearside::gateway {

struct CacheConfig {
  std::vector<std::string> tenants;  // whose answers are kept; none: off
  std::chrono::milliseconds ttl{600'000};
  std::size_t bytes_max = std::size_t{64} << 20;
};

/// Thread-safe. In memory only.
class ResponseCache {
 public:
  /// A whole SHA-256, since an answer given to the wrong question would be an answer to a stranger.
  using Key = trust::Sha256;
  /// Tenant, call and body: nothing is shared between tenants, however alike they ask.
  static Key key_of(std::string_view tenant, std::string_view operation, std::string_view body);

  struct Entry {
    WholeAnswer answer;
    std::string target;  // that gave it
  };

  [[nodiscard]] std::optional<Entry> find(const Key& key, base::SteadyTime now);
  /// Evicts what was used longest ago; an entry that is larger than all is not kept.
  void put(const Key& key, Entry entry, base::SteadyTime now, const CacheConfig& config);

 private:
  struct Kept {
    Key key;
    Entry entry;
    std::size_t bytes = 0;
    base::SteadyTime until{};
  };
  using Order = std::list<Kept>;
  void erase(Order::iterator kept);

  std::mutex mutex_;  // guards the three below
  Order order_;       // the latest used first
  std::map<Key, Order::iterator> by_key_;
  std::size_t bytes_ = 0;
};

/// Whether an answer of this tenant may be kept: it is listed, the answer is one whole text or tool
/// call, and the request asked for one.
bool may_cache(const CacheConfig& config, std::string_view tenant, const chat::Request& request);

}  // namespace nearside::gateway
