// `nearside audit ...`: subcommands about audit logs, one file each.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run audit(App& root, App*& command);

Run audit_verify(App& root, App*& command);

}  // namespace nearside::cli
