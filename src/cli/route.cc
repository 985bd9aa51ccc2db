#include "cli/route.h"

#include <array>

#include "cli/command_group.h"

namespace nearside::cli {

namespace {

// One line a subcommand.
constexpr std::array kSubcommands = {
    route_explain,
    route_replay,
    route_train,
};

}  // namespace

Run route(App& root, App*& command) {
  command = root.add_subcommand("route", "Where requests would go, and why");
  command->footer(
      "Example: nearside route explain --config nearside.yaml \"The conveyor has stopped\"");
  return declare_subcommands(*command, kSubcommands);
}

}  // namespace nearside::cli
