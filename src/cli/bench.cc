#include "cli/bench.h"

#include <array>

#include "cli/command_group.h"

namespace nearside::cli {

namespace {

// One line a subcommand.
constexpr std::array kSubcommands = {
    bench_engine,
    bench_gateway,
};

}  // namespace

Run bench(App& root, App*& command) {
  command = root.add_subcommand("bench", "Measures how fast things are");
  command->footer("Example: nearside bench engine --model model.gguf --threads 2 --json");
  return declare_subcommands(*command, kSubcommands);
}

}  // namespace nearside::cli
