#include "cli/tpm.h"

#include <array>

#include "cli/command_group.h"

namespace nearside::cli {

namespace {

// One line a subcommand.
constexpr std::array kSubcommands = {
    tpm_approve,  //
    tpm_raise,    //
    tpm_state,    //
};

}  // namespace

Run tpm(App& root, App*& command) {
  command = root.add_subcommand("tpm", "Binds keys to this machine's TPM and to approved states");
  command->footer(
      "Example: nearside tpm state --create > plant7.json            # on the node\n"
      "         nearside tpm approve --key authority.pem plant7.json > plant7.approval.json\n"
      "         nearside model seal --tpm device:/dev/tpmrm0 --authority authority.pub \\\n"
      "                  --approval plant7.approval.json plant.gguf");
  return declare_subcommands(*command, kSubcommands);
}

}  // namespace nearside::cli
