// `nearside run`: continues a text in the terminal.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/local_model.h"

namespace nearside::cli {

namespace {

constexpr std::size_t kPromptBytesMax = 64U << 20U;

struct Options {
  ModelOptions model;
  SamplingOptions sampling;
  std::string prompt;
  bool has_prompt = false;
};

base::Result<Speed> complete(const Options& options) {
  const base::SystemClock clock;
  chat::Request request;
  request.kind = chat::Request::Kind::kCompletion;
  request.prompt = options.has_prompt ? options.prompt : TRY(base::read_file("-", kPromptBytesMax));
  apply(options.sampling, request);
  apply(options.model, request);
  const std::unique_ptr<engine::Engine> engine = TRY(load_engine(options.model, 1, clock));
  return generate(*engine, request, clock, [](std::string_view text) {
    fmt::print("{}", text);
    std::fflush(stdout);
  });
}

Exit run_command(const Options& options) {
  const base::Result<Speed> speed = complete(options);
  if (!speed) {
    fmt::print(stderr, "nearside run: {}\n", speed.error().message);
    return Exit::kFailed;
  }
  fmt::print("\n");
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", describe(*speed));
  return Exit::kDone;
}

}  // namespace

Run run(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("run", "Continues a text with a model, streaming");
  add_model_options(*command, options->model);
  const Option* prompt =
      command->add_option("-p,--prompt", options->prompt, "text to continue (default: stdin)");
  add_sampling_options(*command, options->sampling);
  command->footer(
      "The text is taken as it is. A model made for chats wants `nearside chat`, which puts the "
      "text "
      "into its template.\nExample: nearside run --model model.gguf -p \"The pump in hall 3\" -n "
      "64");
  return [options, prompt] {
    options->has_prompt = prompt->count() > 0;
    return run_command(*options);
  };
}

}  // namespace nearside::cli
