// `nearside tpm ...`: subcommands about this machine's TPM and what may be opened with it.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run tpm(CLI::App& root, CLI::App*& command);

Run tpm_approve(CLI::App& root, CLI::App*& command);
Run tpm_raise(CLI::App& root, CLI::App*& command);
Run tpm_state(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
