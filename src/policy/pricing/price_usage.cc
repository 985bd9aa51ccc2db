#include "policy/pricing/price_book.h"

namespace nearside::policy {

namespace {

/// Adds tokens at a price; false when the sum leaves 64 bits.
bool add(Usd& sum, const TokenPrice* price, std::uint64_t tokens, std::uint64_t input_tokens) {
  if (price == nullptr || tokens == 0) return true;
  Usd per_million = price->per_million;
  for (const TokenPrice::Tier& tier : price->tiers)
    if (input_tokens > tier.above_tokens) per_million = tier.per_million;
  // Sellers' prices have at most six decimals, parse() sees to it: the division leaves nothing.
  std::int64_t amount = 0;
  constexpr std::int64_t kMillion = 1'000'000;
  return !__builtin_mul_overflow(per_million.picodollars / kMillion, tokens, &amount) &&
         !__builtin_add_overflow(sum.picodollars, amount, &sum.picodollars);
}

const TokenPrice* of(const std::optional<TokenPrice>& price) { return price ? &*price : nullptr; }
const TokenPrice* first(const std::optional<TokenPrice>& price, const TokenPrice* otherwise) {
  return price ? &*price : otherwise;
}

}  // namespace

base::Result<Cost> price_usage(const ModelPrice& price, const TokenUsage& usage) {
  const std::uint64_t audio = usage.input_audio_tokens;
  const std::uint64_t read = usage.cache_read_tokens;
  const std::uint64_t audio_read = usage.cache_audio_read_tokens;
  if (audio_read > audio || audio_read > read || read > usage.input_tokens ||
      usage.cache_write_tokens > usage.input_tokens - read ||
      audio - audio_read > usage.input_tokens - read - usage.cache_write_tokens ||
      usage.output_audio_tokens > usage.output_tokens ||
      usage.output_reasoning_tokens > usage.output_tokens)
    return base::fail(
        base::Code::kInvalidArgument,
        "the reported parts (cache, audio, reasoning) exceed the reported {} input and "
        "{} output tokens",
        usage.input_tokens, usage.output_tokens);
  const std::uint64_t all = usage.input_tokens;
  const std::uint64_t fresh_audio = audio - audio_read;
  const TokenPrice* input = of(price.input);
  const TokenPrice* output = of(price.output);
  const TokenPrice* cached = first(price.cache_read, input);
  Cost cost;
  const bool fits =
      add(cost.input, input, all - read - usage.cache_write_tokens - fresh_audio, all) &&
      add(cost.input, first(price.input_audio, input), fresh_audio, all) &&
      add(cost.input, cached, read - audio_read, all) &&
      add(cost.input, first(price.cache_audio_read, cached), audio_read, all) &&
      add(cost.input, first(price.cache_write, input), usage.cache_write_tokens, all) &&
      add(cost.output, output, usage.output_tokens - usage.output_audio_tokens, all) &&
      add(cost.output, first(price.output_audio, output), usage.output_audio_tokens, all);
  cost.request = price.per_request;
  if (!fits)
    return base::fail(base::Code::kTooLarge,
                      "{} input and {} output tokens cost more than can be counted",
                      usage.input_tokens, usage.output_tokens);
  return cost;
}

}  // namespace nearside::policy
