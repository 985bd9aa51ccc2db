#include "cli/attest.h"

#include <array>

#include "cli/command_group.h"

namespace nearside::cli {

namespace {

// One line a subcommand.
constexpr std::array kSubcommands = {
    attest_quote,   //
    attest_verify,  //
};

}  // namespace

Run attest(App& root, App*& command) {
  command = root.add_subcommand("attest", "Makes and verifies evidence of what a machine runs");
  command->footer("Example: nearside attest quote --nonce 00112233 > quote.json");
  return declare_subcommands(*command, kSubcommands);
}

}  // namespace nearside::cli
