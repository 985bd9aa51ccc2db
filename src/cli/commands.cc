#include "cli/commands.h"

#include "cli/bench.h"
#include "cli/eval.h"
#include "cli/model.h"
#include "cli/train.h"

namespace nearside::cli {

std::vector<Declare> commands() {
  return {
      model, tokenize_text, bench, chat, eval, model, run, train,
      model,
      tokenize_text,
  };
}

}  // namespace nearside::cli
