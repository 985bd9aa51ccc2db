#include "cli/audit.h"

#include <array>

#include "cli/command_group.h"

namespace nearside::cli {

namespace {

// One line a subcommand.
constexpr std::array kSubcommands = {
    audit_verify,
};

}  // namespace

Run audit(App& root, App*& command) {
  command = root.add_subcommand("audit", "Checks audit logs");
  command->footer("Example: nearside audit verify --key audit.pub audit.log");
  return declare_subcommands(*command, kSubcommands);
}

}  // namespace nearside::cli
