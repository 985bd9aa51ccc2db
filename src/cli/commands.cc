#include "cli/commands.h"

namespace nearside::cli {

std::vector<Declare> commands() { return {}; }

}  // namespace nearside::cli
