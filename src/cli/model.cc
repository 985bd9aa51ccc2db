#include "cli/model.h"

#include <array>
#include <utility>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace nearside::cli {

namespace {

// One line a subcommand.
constexpr std::array kSubcommands = {
    model_inspect,
    model_synth,
};

}  // namespace

Run model(CLI::App& root, CLI::App*& command) {
  command = root.add_subcommand("model", "Looks into, makes and changes model files");
  command->require_subcommand(1);
  command->footer("Example: nearside model inspect models/triage-small.gguf");
  std::vector<std::pair<CLI::App*, Run>> runs;
  for (const Declare declare : kSubcommands) {
    CLI::App* subcommand = nullptr;
    Run run = declare(*command, subcommand);
    runs.emplace_back(subcommand, std::move(run));
  }
  return [runs = std::move(runs)] {
    for (const auto& [subcommand, run] : runs)
      if (subcommand->parsed()) return run();
    return Exit::kUsage;  // require_subcommand has refused this already
  };
}

}  // namespace nearside::cli
