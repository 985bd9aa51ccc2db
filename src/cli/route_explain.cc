// `nearside route explain`: where a request would go and why; serves nothing.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/route.h"
#include "cli/route_question.h"
#include "gateway/price_books.h"

namespace nearside::cli {

namespace {

struct Options {
  RouteQuestion question;
  std::string config;
  double deadline_ms = 0;
  double cost_max_usd = 0;
  bool json = false;
};

Exit run(const Options& options) {
  auto config =
      options.config.empty() ? gateway::default_config() : gateway::load_config(options.config);
  if (!config) {  // "file:line: what; how to fix", one a line: editors jump there
    fmt::print(stderr, "{}\n", config.error().message);
    return Exit::kFailed;
  }
  const base::WallTime now = base::SystemClock().wall();
  if (const base::Status priced = gateway::load_prices(*config, now); !priced) {
    fmt::print(stderr, "nearside route explain: {}\n", priced.error().message);
    return Exit::kFailed;
  }
  const auto decision = answer(options.question, *config, now);
  if (!decision) {
    fmt::print(stderr, "nearside route explain: {}\n", decision.error().message);
    return Exit::kFailed;
  }
  if (options.json)
    fmt::print("{}\n", policy::to_json(*decision));
  else
    fmt::print("{}", policy::to_text(*decision));
  return Exit::kDone;
}

}  // namespace

Run route_explain(App& root, App*& command) {
  const auto options = std::make_shared<Options>();  // lives as long as CLI11 may write to it
  command = root.add_subcommand(
      "explain", "Shows the decision for a request with every reason; serves nothing");
  auto* text =
      command->add_option("text", options->question.text, "the request, as one user message");
  auto* file = command->add_option("--request", options->question.request_file,
                                   "request body of OpenAI's dialect; - reads standard input");
  text->excludes(file);
  command->add_option("--config", options->config,
                      "configuration of the node (default: a node without targets)");
  command->add_option("--model", options->question.model, "auto, a route, or place/name");
  command->add_option("--tenant", options->question.tenant, "tenant that asks");
  command->add_option("--sensitivity", options->question.sensitivity,
                      "the request is at least this");
  command->add_option("--priority", options->question.priority, "realtime, normal or batch");
  auto* deadline =
      command->add_option("--deadline-ms", options->deadline_ms, "the answer's deadline")
          ->positive();
  auto* cap =
      command->add_option("--max-cost-usd", options->cost_max_usd, "what the answer may cost")
          ->not_negative();
  command->add_flag("--json", options->json, "the decision as one JSON object");
  command->footer(
      "Example: nearside route explain --config nearside.yaml --sensitivity confidential \"Pump "
      "P-17 leaks\"");
  return [options, text, file, deadline, cap] {
    if (text->count() + file->count() == 0) {
      fmt::print(stderr, "nearside route explain: give a text, or a request with --request FILE\n");
      return Exit::kUsage;
    }
    if (deadline->count() > 0) options->question.deadline_ms = options->deadline_ms;
    if (cap->count() > 0) options->question.cost_max_usd = options->cost_max_usd;
    return run(*options);
  };
}

}  // namespace nearside::cli
