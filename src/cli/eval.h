// `nearside eval ...`: subcommands that measure quality. Each is a file eval_<name>.cc with one
// Declare function, declared here, plus one line in the list in eval.cc.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run eval(App& root, App*& command);

Run eval_labels(App& root, App*& command);
Run eval_perplexity(App& root, App*& command);
Run eval_routing(App& root, App*& command);
Run eval_schemas(App& root, App*& command);
Run eval_task(App& root, App*& command);

}  // namespace nearside::cli
