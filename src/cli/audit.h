// `nearside audit ...`: subcommands about audit logs, one file each.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run audit(CLI::App& root, CLI::App*& command);

Run audit_verify(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
