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
      // One a line, in the order of `nearside --help`.
      bench, chat, eval, model, run, tokenize_text, train,
  };
}

}  // namespace nearside::cli
