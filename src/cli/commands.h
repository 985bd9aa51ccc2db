// The list of commands.
#pragma once

#include <vector>

#include "cli/command.h"

namespace nearside::cli {

std::vector<Declare> commands();

// Commands too small for a header of their own.
Run chat(CLI::App& root, CLI::App*& command);
Run import_config(CLI::App& root, CLI::App*& command);
Run run(CLI::App& root, CLI::App*& command);
Run tokenize_text(CLI::App& root, CLI::App*& command);
Run worker(CLI::App& root, CLI::App*& command);
Run serve(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
