// The list of commands.
#pragma once

#include <vector>

#include "cli/command.h"

namespace nearside::cli {

std::vector<Declare> commands();

// Commands too small for a header of their own.
Run chat(App& root, App*& command);
Run import_config(App& root, App*& command);
Run run(App& root, App*& command);
Run tokenize_text(App& root, App*& command);
Run worker(App& root, App*& command);
Run serve(App& root, App*& command);

}  // namespace nearside::cli
