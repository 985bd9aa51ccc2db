// The list of commands.
#pragma once

#include <vector>

#include "cli/command.h"

namespace nearside::cli {

std::vector<Declare> commands();

Run tokenize_text(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
