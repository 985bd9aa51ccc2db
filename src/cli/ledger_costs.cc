// `nearside ledger costs`: the money of a ledger by target.
#include "telemetry/ledger_costs.h"

#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/ledger.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string file;
  telemetry::CostWindow window;
  bool json = false;
};

base::json::object as_json(const telemetry::TargetCosts& one) {
  return {{"target", one.target},
          {"place", one.place},
          {"attempts", one.attempts},
          {"unpriced", one.unpriced},
          {"input_tokens", one.input_tokens},
          {"cached_input_tokens", one.cached_input_tokens},
          {"cache_write_tokens", one.cache_write_tokens},
          {"output_tokens", one.output_tokens},
          {"reasoning_tokens", one.reasoning_tokens},
          {"cost_usd", one.cost_usd},
          {"energy_joules", one.energy_joules}};
}

Exit run(const Options& options) {
  const auto costs = telemetry::sum_costs(options.file, options.window);
  if (!costs) {
    fmt::print(stderr, "nearside ledger costs: {}: {}\n", options.file, costs.error().message);
    return Exit::kFailed;
  }
  double all_usd = 0;
  base::json::array list;
  for (const telemetry::TargetCosts& one : *costs) {
    all_usd += one.cost_usd;
    if (options.json) list.emplace_back(as_json(one));
  }
  if (options.json) {
    fmt::print("{}\n", base::json::serialize(base::json::object{{"targets", std::move(list)},
                                                                {"cost_usd", all_usd}}));
    return Exit::kDone;
  }
  fmt::print("{:32} {:>9} {:>12} {:>12} {:>12} {:>12} {:>14}\n", "target", "attempts", "input",
             "cached", "output", "reasoning", "USD");
  for (const telemetry::TargetCosts& one : *costs)
    fmt::print("{:32} {:>9} {:>12} {:>12} {:>12} {:>12} {:>14.6f}{}\n", one.target, one.attempts,
               one.input_tokens, one.cached_input_tokens, one.output_tokens, one.reasoning_tokens,
               one.cost_usd,
               one.unpriced == 0 ? "" : fmt::format("  and {} without a price", one.unpriced));
  fmt::print("{:32} {:>74.6f}\n", "all", all_usd);
  return Exit::kDone;
}

}  // namespace

Run ledger_costs(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand(
      "costs", "Sums what all attempts at each target used and cost, also while a node writes");
  command->add_option("ledger", options->file, "the ledger's file")->required();
  command->add_option("--since", options->window.since,
                      "decisions from this time on (UTC), such as 2026-11 or 2026-11-24T08:00");
  command->add_option("--until", options->window.until, "decisions before this time");
  command->add_flag("--json", options->json, "one JSON object: targets, cost_usd");
  command->footer("Example: nearside ledger costs nearside-ledger.sqlite --since 2026-11");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
