#include "cli/commands.h"

#include "cli/model.h"

namespace nearside::cli {

std::vector<Declare> commands() {
  return {
      model,
      tokenize_text,
  };
}

}  // namespace nearside::cli
