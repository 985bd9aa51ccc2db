// `nearside attest ...`: subcommands about evidence, one file each.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run attest(CLI::App& root, CLI::App*& command);

Run attest_quote(CLI::App& root, CLI::App*& command);
Run attest_verify(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
