// Counters that several nodes share, in Redis.
#pragma once

#include <memory>

#include "base/log.h"
#include "gateway/quota.h"
#include "store/redis.h"

namespace nearside::gateway {

/// What a node does while Redis does not answer.
enum class QuotaFallback {
  kLocal,   // goes on by its own counters, from what it last heard: no node exceeds a limit by
            // itself
  kRefuse,  // refuses what has a limit (kUnavailable)
};

/// `log` must outlive the store.
std::unique_ptr<QuotaStore> make_redis_quota_store(store::RedisOptions options,
                                                   QuotaFallback fallback, base::Logger& log);

}  // namespace nearside::gateway
