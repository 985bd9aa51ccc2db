#include "cli/eval.h"

#include <array>

#include "cli/command_group.h"

namespace nearside::cli {

namespace {

// One line a subcommand.
constexpr std::array kSubcommands = {
    eval_labels, eval_perplexity, eval_routing, eval_schemas, eval_task,
};

}  // namespace

Run eval(App& root, App*& command) {
  command = root.add_subcommand("eval", "Measures how good models and decisions are");
  command->footer("Example: nearside eval task --model model.gguf --data held-out.jsonl");
  return declare_subcommands(*command, kSubcommands);
}

}  // namespace nearside::cli
