// The list of commands.
#pragma once

#include <vector>

#include "cli/command.h"

namespace nearside::cli {

std::vector<Declare> commands();

}  // namespace nearside::cli
