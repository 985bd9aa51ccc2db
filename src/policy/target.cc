#include "policy/target.h"

#include <algorithm>

namespace nearside::policy {

namespace {

double hours_cost_usd(const LocalCost& cost, double busy_seconds) {
  constexpr double kUtilizationMin =
      0.001;  // one hour in six weeks; below, the figure is a mistake
  const double utilization = std::clamp(cost.utilization, kUtilizationMin, 1.0);
  const double idle_hours = (1 - utilization) / utilization;  // for each busy one
  const double watts = cost.watts + cost.idle_watts * idle_hours;
  const double usd_per_hour =
      cost.usd_per_hour * (1 + idle_hours) + watts / 1000.0 * cost.pue * cost.usd_per_kwh;
  return busy_seconds / 3600.0 * usd_per_hour / std::max(cost.concurrency, 1.0);
}

std::optional<double> tokens_cost_usd(const ModelPrice& price, const Consumption& used) {
  TokenUsage usage;
  usage.input_tokens = used.input_tokens;
  usage.cache_read_tokens = std::min(used.cached_input_tokens, used.input_tokens);
  usage.cache_write_tokens =
      std::min(used.cache_write_tokens, used.input_tokens - usage.cache_read_tokens);
  usage.output_tokens = used.output_tokens;
  usage.output_reasoning_tokens = std::min(used.reasoning_tokens, used.output_tokens);
  const auto cost = price_usage(price, usage);
  if (!cost) return std::nullopt;  // more than can be counted
  return cost->total().value();
}

}  // namespace

Price::operator ModelPrice() const {
  const auto flat = [](double dollars) { return TokenPrice{round_usd(dollars), {}}; };
  ModelPrice price;
  price.input = flat(usd_per_million_input_tokens);
  price.output = flat(usd_per_million_output_tokens);
  if (usd_per_million_cached_input_tokens)
    price.cache_read = flat(*usd_per_million_cached_input_tokens);
  return price;
}

std::optional<double> Quality::configured(const std::string& language) const {
  const auto found = by_language.find(language);
  return found != by_language.end() ? std::optional(found->second) : prior;
}

std::optional<double> cost_usd(const Target& target, const Consumption& consumption) {
  if (!target.cost) return std::nullopt;
  if (const auto* price = std::get_if<ModelPrice>(&*target.cost))
    return tokens_cost_usd(*price, consumption);
  return hours_cost_usd(std::get<LocalCost>(*target.cost), consumption.busy_seconds);
}

std::optional<double> energy_joules(const Target& target, const Consumption& consumption) {
  if (target.joules_per_token)
    return *target.joules_per_token *
           static_cast<double>(consumption.input_tokens + consumption.output_tokens);
  if (!target.cost) return std::nullopt;
  const auto* local = std::get_if<LocalCost>(&*target.cost);
  if (local == nullptr || local->watts == 0) return std::nullopt;
  return local->watts * local->pue * consumption.busy_seconds / std::max(local->concurrency, 1.0);
}

}  // namespace nearside::policy
