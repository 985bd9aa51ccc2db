// The program: finds the command, runs it, turns its outcome into an exit status.
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/kernel_choice.h"

namespace {

nearside::cli::Exit print_chosen_kernels() {
  const auto text = nearside::cli::describe_kernels();
  if (!text) {
    std::fprintf(stderr, "nearside: %s\n", text.error().message.c_str());
    return nearside::cli::Exit::kUsage;
  }
  std::fputs(text->c_str(), stdout);
  return nearside::cli::Exit::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  using nearside::cli::Exit;
  nearside::cli::App program("Nearside runs AI where it is best run: near.", "nearside");
  CLI::App& root = program.native();
  root.set_version_flag("--version", "nearside 0.1.0");
  root.require_subcommand(1);
  bool print_kernels = false;
  root.add_flag_callback(
      "--print-kernels",
      [&] {
        print_kernels = true;
        throw CLI::Success();
      },
      "Say which instruction set the arithmetic uses, and which the processor offers");
  std::vector<std::pair<nearside::cli::App*, nearside::cli::Run>> runs;
  for (const nearside::cli::Declare declare : nearside::cli::commands()) {
    nearside::cli::App* command = nullptr;
    nearside::cli::Run run = declare(program, command);
    runs.emplace_back(command, std::move(run));
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (print_kernels) return static_cast<int>(print_chosen_kernels());
    const std::string wrong = program.wrong_command({argv + 1, argv + argc});
    if (error.get_exit_code() != 0 && !wrong.empty()) {
      std::fprintf(stderr, "%s\nRun with --help for more information.\n", wrong.c_str());
      return static_cast<int>(Exit::kUsage);
    }
    const int status = root.exit(error);
    return status == 0 ? 0 : static_cast<int>(Exit::kUsage);
  }
  for (const auto& [command, run] : runs)
    if (command->parsed()) return static_cast<int>(run());
  return static_cast<int>(Exit::kUsage);
}
