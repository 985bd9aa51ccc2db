#include "gateway/response_cache.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace nearside::gateway {
namespace {

std::size_t bytes_of(const ResponseCache::Entry& entry) {
  const WholeChoice& choice = entry.answer.choices.front();
  std::size_t bytes = sizeof(ResponseCache::Entry) + choice.text.size() + choice.reasoning.size() +
                      choice.reasoning_signature.size() +
                      base::json::serialize(choice.tool_calls).size();
  for (const auto& vector : entry.answer.embeddings) bytes += vector.size() * sizeof(float);
  for (const auto& token : choice.logprobs)
    bytes += sizeof token + token.top.size() * (sizeof(chat::TokenLogprob::Alternative) + 16);
  return bytes;
}

}  // namespace

ResponseCache::Key ResponseCache::key_of(std::string_view tenant, std::string_view operation,
                                         std::string_view body) {
  // Lengths first, so that no two triples run together into the same text.
  return trust::sha256(
      fmt::format("{}:{}{}:{}{}", tenant.size(), tenant, operation.size(), operation, body));
}

std::optional<ResponseCache::Entry> ResponseCache::find(const Key& key, base::SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  if (found->second->until <= now) {
    erase(found->second);
    return std::nullopt;
  }
  order_.splice(order_.begin(), order_, found->second);
  return order_.front().entry;
}

void ResponseCache::put(const Key& key, Entry entry, base::SteadyTime now,
                        const CacheConfig& config) {
  const std::size_t bytes = bytes_of(entry);
  if (bytes > config.bytes_max) return;
  const std::scoped_lock lock(mutex_);
  if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known->second);
  while (bytes_ + bytes > config.bytes_max) erase(std::prev(order_.end()));
  order_.push_front({key, std::move(entry), bytes, now + config.ttl});
  by_key_[key] = order_.begin();
  bytes_ += bytes;
}

void ResponseCache::erase(Order::iterator kept) {
  bytes_ -= kept->bytes;
  by_key_.erase(kept->key);
  order_.erase(kept);
}

bool may_cache(const CacheConfig& config, std::string_view tenant, const chat::Request& request) {
  // Log-probabilities are told to one caller's account, and a cache knows tenants.
  return request.choices == 1 && !request.logprobs && !request.original_text.empty() &&
         std::find(config.tenants.begin(), config.tenants.end(), tenant) != config.tenants.end();
}

}  // namespace nearside::gateway
