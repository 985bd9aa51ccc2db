// `nearside ledger ...`: what the records of requests say. Each subcommand is a file
// ledger_<name>.cc with one Declare function, declared here, plus one line in the list in
// ledger.cc.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run ledger(App& root, App*& command);

Run ledger_costs(App& root, App*& command);

}  // namespace nearside::cli
