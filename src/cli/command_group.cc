#include "cli/command_group.h"

#include <utility>
#include <vector>

namespace nearside::cli {

Run declare_subcommands(App& command, std::span<const Declare> subcommands) {
  command.require_subcommand(1);
  std::vector<std::pair<App*, Run>> runs;
  for (const Declare declare : subcommands) {
    App* subcommand = nullptr;
    Run run = declare(command, subcommand);
    runs.emplace_back(subcommand, std::move(run));
  }
  return [runs = std::move(runs)] {
    for (const auto& [subcommand, run] : runs)
      if (subcommand->parsed()) return run();
    return Exit::kUsage;  // require_subcommand has refused this already
  };
}

}  // namespace nearside::cli
