// `nearside tpm ...`: subcommands about this machine's TPM and what may be opened with it.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run tpm(App& root, App*& command);

Run tpm_approve(App& root, App*& command);
Run tpm_raise(App& root, App*& command);
Run tpm_state(App& root, App*& command);

}  // namespace nearside::cli
