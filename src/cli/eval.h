// `nearside eval ...`: subcommands that measure quality. Each is a file eval_<name>.cc with one
// Declare function, declared here, plus one line in the list in eval.cc.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run eval(CLI::App& root, CLI::App*& command);

Run eval_labels(CLI::App& root, CLI::App*& command);
Run eval_perplexity(CLI::App& root, CLI::App*& command);
Run eval_routing(CLI::App& root, CLI::App*& command);
Run eval_schemas(CLI::App& root, CLI::App*& command);
Run eval_task(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
