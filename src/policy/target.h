// A target: one model at one place that can serve, with what is believed and what is measured of
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "policy/overflow.h"
#include "policy/place.h"
#include "policy/pricing/price_book.h"

namespace nearside::policy {

/// What a seller charges in the simplest case, as people write it; becomes a ModelPrice, rounded to
/// six decimals of a dollar.
struct Price {
  double usd_per_million_input_tokens = 0;
  double usd_per_million_output_tokens = 0;
  std::optional<double> usd_per_million_cached_input_tokens;  // empty: as other input

  operator ModelPrice() const;
};

/// What own hardware costs: an hour of it (amortisation, rack, operation) and its power.
struct LocalCost {
  double usd_per_hour = 0;
  double watts = 0;  // drawn while serving, by this model's share of the machine
  double usd_per_kwh = 0;
  double pue = 1;          // power usage effectiveness: watts of the site per watt of the machine
  double concurrency = 1;  // requests that usually share those watts and that hour
  double idle_watts = 0;   // drawn while it waits
  /// Share of the hours in which it serves, above 0 to 1. What stands idle has to be earned by what
  /// does not: at 0.25 every busy hour pays for itself and three of waiting.
  double utilization = 1;
};

struct Quality {
  std::optional<double> prior;                // chance of a good answer, 0 to 1
  std::map<std::string, double> by_language;  // "de" -> 0.6; the prior for other languages

  /// The figure for a language ("" when unknown). Empty: none was given.
  [[nodiscard]] std::optional<double> configured(const std::string& language) const;
};

/// What is expected before anything was measured.
struct Speed {
  std::optional<double> ttft_ms;
  std::optional<double> tokens_per_second;         // of the answer
  std::optional<double> prompt_tokens_per_second;  // adds to ttft_ms in proportion to the prompt
};

struct Target {
  std::string name;  // "onprem/triage-large": place/name, unique
  Place place = Place::kDevice;
  std::string region;
  std::string model;  // what the server at the other end calls it
  Quality quality;
  std::optional<std::variant<ModelPrice, LocalCost>> cost;
  std::optional<double> joules_per_token;  // for targets whose watts are not ours to know
  Speed speed;
  std::size_t context_tokens_max = 0;  // 0: not known
  std::size_t concurrency = 0;         // requests it serves at once, more wait; 0: not known
  bool local = false;  // a model of this node: text in, text out (see Ask::upstream_only)
};

/// What is measured of a target right now; handed in with each decision.
struct Live {
  bool healthy = true;
  std::string unhealthy_why;    // one clause for the explanation, when not healthy
  std::size_t queue_depth = 0;  // requests that wait or run there, from this node
  std::optional<double> ttft_p50_ms, ttft_p95_ms;  // of a prompt of so many tokens:
  double ttft_prompt_tokens = 0;                   // 0: of any
  double ttft_prompt_share = 0;                    // of that time, grows with the prompt
  std::optional<double> tokens_per_second_p50, tokens_per_second_p05;  // p05: the slow end
  std::optional<QueueState> queue;  // empty: nobody knows how many it serves at once
  bool overflowing = false;         // too busy for this request's deadline; see overflow.h
};

/// Tokens and time that a request took.
struct Consumption {
  std::uint64_t input_tokens = 0;
  std::uint64_t cached_input_tokens = 0;  // of the input
  std::uint64_t output_tokens = 0;
  double busy_seconds = 0;               // from the start of the work to its end
  std::uint64_t cache_write_tokens = 0;  // of the input, that a seller charges for keeping
  std::uint64_t reasoning_tokens = 0;    // of the output; they cost what output costs
};

/// What it cost there. Empty when the target has no cost figures. A seller that reports more cached
/// or kept tokens than the prompt has is believed up to the prompt: its bill cannot be lower than
/// what the prompt costs at the best price.
/// Formula: ModelPrice: price_usage. LocalCost, with i = (1 - utilization) / utilization idle
/// hours for each busy one: busy hours x (usd_per_hour x (1 + i) + (watts + idle_watts x i) / 1000
/// x pue x usd_per_kwh) / concurrency.
std::optional<double> cost_usd(const Target& target, const Consumption& consumption);

/// Joules: watts x pue x busy seconds / concurrency, or joules_per_token x tokens. Empty when
/// neither is known.
std::optional<double> energy_joules(const Target& target, const Consumption& consumption);

}  // namespace nearside::policy
