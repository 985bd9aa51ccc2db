// What sellers charge for which model, and what a request's tokens cost by it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/pricing/usd.h"

namespace nearside::policy {

/// Tokens that a seller reported. The parts are contained in input_tokens and output_tokens;
/// reasoning is part of the output and costs what output costs.
struct TokenUsage {
  std::uint64_t input_tokens = 0;
  std::uint64_t cache_read_tokens = 0;        // of the input: read from the seller's prompt cache
  std::uint64_t cache_write_tokens = 0;       // of the input: written to it
  std::uint64_t input_audio_tokens = 0;       // of the input
  std::uint64_t cache_audio_read_tokens = 0;  // of the cache reads and of the audio
  std::uint64_t output_tokens = 0;
  std::uint64_t output_reasoning_tokens = 0;  // of the output
  std::uint64_t output_audio_tokens = 0;      // of the output
};

struct Cost {
  Usd input, output;
  Usd request;  // what the call itself costs
  [[nodiscard]] Usd total() const {
    return {input.picodollars + output.picodollars + request.picodollars};
  }
};

/// A price of a million tokens, which may jump with the length of the input.
struct TokenPrice {
  struct Tier {
    std::uint64_t above_tokens = 0;  // of the whole input
    Usd per_million;
  };
  Usd per_million;
  std::vector<Tier> tiers;  // by rising above_tokens
};

/// Prices of one model. Absent parts cost what the part that contains them costs.
struct ModelPrice {
  std::optional<TokenPrice> input, output, cache_read, cache_write, input_audio, cache_audio_read,
      output_audio;
  Usd per_request;
};

/// What the usage costs. A tier's price holds for all tokens of a request whose input is longer
/// than its bound. Exact. Errors: kInvalidArgument (parts exceed the whole: the seller reported
/// nonsense), kTooLarge (past what 64 bits of picodollars hold).
base::Result<Cost> price_usage(const ModelPrice& price, const TokenUsage& usage);

/// Reads the public genai-prices format (providers with models, each with a rule which names are
/// its, and its prices). Immutable: share it freely between threads.
class PriceBook {
 public:
  /// `day`: "2026-08-21"; of prices that changed, those in force then. Errors: kInvalidArgument
  /// (not that format, an unknown rule, a price that is no amount), with the model's name.
  static base::Result<PriceBook> parse(std::string_view json, std::string_view day);
  PriceBook(PriceBook&&) noexcept;
  PriceBook& operator=(PriceBook&&) noexcept;
  ~PriceBook();

  /// The prices of a model by its name at a seller ("anthropic", "openai", ...); null: not in the
  /// book. Sellers that resell others' models are looked up there, too.
  [[nodiscard]] const ModelPrice* find(std::string_view provider, std::string_view model) const;

  [[nodiscard]] std::size_t models_count() const;

 private:
  struct State;
  explicit PriceBook(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace nearside::policy
