#include "gateway/quota_redis.h"

#include <atomic>
#include <utility>

#include <fmt/format.h>

namespace nearside::gateway {
namespace {

using base::Code;
using base::fail;

/// All or none, in one step: Redis runs a script alone. Returns the number of the key without room
/// (0: granted), then what each counter holds.
constexpr const char* kReserve = R"(
local refused = 0
local used = {}
for i, key in ipairs(KEYS) do
  used[i] = tonumber(redis.call('GET', key) or '0')
  if refused == 0 and used[i] + tonumber(ARGV[3 * i - 1]) > tonumber(ARGV[3 * i - 2]) then
    refused = i
  end
end
if refused == 0 then
  for i, key in ipairs(KEYS) do
    used[i] = redis.call('INCRBY', key, ARGV[3 * i - 1])
    redis.call('EXPIRE', key, ARGV[3 * i])
  end
end
return {refused, unpack(used)}
)";

/// A counter whose window is over is gone and stays so.
constexpr const char* kSettle = R"(
for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 and redis.call('INCRBY', key, ARGV[i]) < 0 then
    redis.call('SET', key, 0, 'KEEPTTL')
  end
end
return 0
)";

std::string key_of(const Charge& charge) {
  return fmt::format("nearside:quota:{}:{}:{}", charge.counter, charge.window.count(),
                     charge.window_number);
}

class RedisQuotaStore final : public QuotaStore {
 public:
  RedisQuotaStore(store::RedisOptions options, QuotaFallback fallback, base::Logger& log)
      : fallback_(fallback), log_(log), redis_(std::move(options)) {}

  void reserve(std::vector<Charge> charges, Done done) override {
    std::vector<std::string> words = {"EVAL", kReserve, std::to_string(charges.size())};
    for (const Charge& charge : charges) words.push_back(key_of(charge));
    for (const Charge& charge : charges) {
      words.push_back(std::to_string(charge.limit));
      words.push_back(std::to_string(charge.amount));
      // A window longer, so that requests that end after their window find it.
      words.push_back(std::to_string(2 * charge.window.count()));
    }
    redis_.command(std::move(words), [this, charges = std::move(charges), done = std::move(done)](
                                         base::Result<store::RedisReply> reply) mutable {
      take(std::move(reply), std::move(charges), done);
    });
  }

  void settle(const std::vector<Charge>& charges, const std::vector<std::uint64_t>& used) override {
    local_.settle(charges, used);
    std::vector<std::string> words = {"EVAL", kSettle, std::to_string(charges.size())};
    for (const Charge& charge : charges) words.push_back(key_of(charge));
    for (std::size_t i = 0; i < charges.size(); ++i)
      words.push_back(std::to_string(static_cast<std::int64_t>(used[i]) -
                                     static_cast<std::int64_t>(charges[i].amount)));
    // What is lost with Redis stays reserved there: a limit is kept too early rather than too late.
    redis_.command(std::move(words), [](const base::Result<store::RedisReply>&) {});
  }

 private:
  void take(base::Result<store::RedisReply> reply, std::vector<Charge> charges, const Done& done) {
    if (reply && reply->items.size() != charges.size() + 1)
      reply = fail(Code::kCorrupt, "Redis answers with {} values", reply->items.size());
    if (!reply) {
      if (!failing_.exchange(true))
        log_.warn("quota", "{}; {}", reply.error().message,
                  fallback_ == QuotaFallback::kLocal
                      ? "limits are kept by this node alone meanwhile"
                      : "requests with limits are refused meanwhile");
      if (fallback_ == QuotaFallback::kLocal) return local_.reserve(std::move(charges), done);
      return done(fail(Code::kUnavailable, "the store of limits does not answer; try again"));
    }
    if (failing_.exchange(false)) log_.info("quota", "Redis answers again");
    for (std::size_t i = 0; i < charges.size(); ++i)
      local_.learn(charges[i], static_cast<std::uint64_t>(
                                   std::max<std::int64_t>(0, reply->items[i + 1].integer)));
    const std::int64_t refused = reply->items[0].integer;
    done(refused == 0 ? Refusal() : Refusal(static_cast<std::size_t>(refused - 1)));
  }

  const QuotaFallback fallback_;
  base::Logger& log_;
  std::atomic<bool> failing_{false};
  LocalQuotaStore local_;
  store::Redis redis_;  // last: its thread calls what is above
};

}  // namespace

std::unique_ptr<QuotaStore> make_redis_quota_store(store::RedisOptions options,
                                                   QuotaFallback fallback, base::Logger& log) {
  return std::make_unique<RedisQuotaStore>(std::move(options), fallback, log);
}

}  // namespace nearside::gateway
