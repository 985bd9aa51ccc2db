// `nearside bench ...`: subcommands that measure speed. Each is a file bench_<name>.cc with one
// Declare function, declared here, plus one line in the list in bench.cc.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run bench(CLI::App& root, CLI::App*& command);

Run bench_engine(CLI::App& root, CLI::App*& command);
Run bench_gateway(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
