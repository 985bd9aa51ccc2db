// `nearside route ...`: subcommands about decisions. Each is a file route_<name>.cc with one
// Declare function, declared here, plus one line in the list in route.cc.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run route(App& root, App*& command);

Run route_explain(App& root, App*& command);
Run route_replay(App& root, App*& command);
Run route_train(App& root, App*& command);

}  // namespace nearside::cli
