// `nearside bench ...`: subcommands that measure speed. Each is a file bench_<name>.cc with one
// Declare function, declared here, plus one line in the list in bench.cc.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run bench(App& root, App*& command);

Run bench_engine(App& root, App*& command);
Run bench_gateway(App& root, App*& command);

}  // namespace nearside::cli
