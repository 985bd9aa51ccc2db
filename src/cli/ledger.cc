#include "cli/ledger.h"

#include <array>

#include "cli/command_group.h"

namespace nearside::cli {

namespace {

// One line a subcommand.
constexpr std::array kSubcommands = {
    ledger_costs,
};

}  // namespace

Run ledger(App& root, App*& command) {
  command = root.add_subcommand("ledger", "What the records of requests say");
  command->footer("Example: nearside ledger costs nearside-ledger.sqlite --since 2026-11");
  return declare_subcommands(*command, kSubcommands);
}

}  // namespace nearside::cli
