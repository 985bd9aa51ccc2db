// `nearside route replay`: what a changed policy would have decided about the requests of a ledger.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/route.h"
#include "gateway/config.h"
#include "gateway/price_books.h"
#include "policy/policy_replay.h"
#include "telemetry/ledger_reading.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string ledger, policy;
  telemetry::CostWindow window;
  bool json = false;
};

struct Outcome {
  policy::ReplayReport report;
  std::size_t unreadable = 0;  // records whose decision is not there
};

base::Result<Outcome> replay(const Options& options) {
  gateway::Config config = TRY(gateway::load_config(options.policy));
  TRY(gateway::load_prices(config, base::SystemClock().wall()));
  policy::PolicyReplay replay(config.policy);
  Outcome out;
  TRY(telemetry::read_requests(
      options.ledger, options.window, [&](const telemetry::PastRequest& past) {
        const auto json = base::parse_json(past.decision_json);
        const auto decision = json ? policy::read_decision(*json)
                                   : base::Result<policy::RecordedDecision>(json.error());
        if (!decision) {
          ++out.unreadable;
          return;
        }
        replay.add(*decision, {past.input_tokens, past.cached_input_tokens, past.output_tokens,
                               past.cost_usd});
      }));
  out.report = replay.report();
  return out;
}

void print_json(const Outcome& outcome) {
  const policy::ReplayReport& report = outcome.report;
  base::json::array moves;
  for (const auto& [between, move] : report.moves)
    moves.push_back(base::json::object{{"from", between.first},
                                       {"to", between.second},
                                       {"decisions", move.decisions},
                                       {"before_usd", move.before_usd},
                                       {"after_usd", move.after_usd},
                                       {"unpriced", move.unpriced}});
  const base::json::object all{
      {"decisions", report.decisions},         {"changed", report.changed},
      {"unknown_model", report.unknown_model}, {"unreadable", outcome.unreadable},
      {"before_usd", report.before_usd},       {"after_usd", report.after_usd},
      {"unpriced", report.unpriced},           {"moves", std::move(moves)}};
  fmt::print("{}\n", base::json::serialize(all));
}

void print_text(const Outcome& outcome) {
  const policy::ReplayReport& report = outcome.report;
  fmt::print("{} decisions, {} would change", report.decisions, report.changed);
  if (report.unknown_model > 0)
    fmt::print(", {} ask for a model that the policy does not have", report.unknown_model);
  if (outcome.unreadable > 0) fmt::print("; {} records hold no decision", outcome.unreadable);
  fmt::print("\n");
  if (!report.moves.empty())
    fmt::print("{:28} {:28} {:>9} {:>14} {:>14}\n", "from", "to", "decisions", "before USD",
               "after USD");
  for (const auto& [between, move] : report.moves)
    fmt::print("{:28} {:28} {:>9} {:>14.6f} {:>14.6f}\n", between.first, between.second,
               move.decisions, move.before_usd, move.after_usd);
  fmt::print("cost of all: {:.6f} USD before, {:.6f} after ({:+.6f})\n", report.before_usd,
             report.after_usd, report.after_usd - report.before_usd);
  if (report.unpriced > 0)
    fmt::print("{} decisions are not in these sums: a price is missing\n", report.unpriced);
}

Exit run(const Options& options) {
  const auto outcome = replay(options);
  if (!outcome) {
    fmt::print(stderr, "nearside route replay: {}\n", outcome.error().message);
    return Exit::kFailed;
  }
  options.json ? print_json(*outcome) : print_text(*outcome);
  return Exit::kDone;
}

}  // namespace

Run route_replay(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand(
      "replay", "Decides the requests of a ledger again by another policy, and compares");
  command->add_option("ledger", options->ledger, "the ledger's file")->required();
  command
      ->add_option("--policy", options->policy, "configuration of a node with the changed policy")
      ->required();
  command->add_option("--since", options->window.since,
                      "decisions from this time on (UTC), such as 2026-11 or 2026-11-24T08:00");
  command->add_option("--until", options->window.until, "decisions before this time");
  command->add_flag("--json", options->json,
                    "one JSON object: decisions, changed, before_usd, after_usd, moves");
  command->footer(
      "Example: nearside route replay nearside-ledger.sqlite --policy new.yaml --since 2026-11");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
