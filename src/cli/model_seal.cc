// `nearside model seal`: encrypts a model and wraps its key for a node.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/model.h"
#include "cli/sealing.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string model;
  std::string output;
  std::string envelope;
  SealingOptions sealing;
};

Exit run(Options options) {
  if (options.output.empty()) options.output = options.model + ".sealed";
  if (options.envelope.empty()) options.envelope = options.output + ".key.json";
  const base::Status sealed =
      seal_for_node(options.sealing, options.model, options.output, options.envelope);
  if (!sealed) {
    fmt::print(stderr, "nearside model seal: {}\n", sealed.error().message);
    return sealed.error().code == base::Code::kInvalidArgument ? Exit::kUsage : Exit::kFailed;
  }
  fmt::print("sealed {} into {}, its key into {}\n", options.model, options.output,
             options.envelope);
  return Exit::kDone;
}

}  // namespace

Run model_seal(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("seal", "Encrypts a model and wraps its key for a node");
  command->add_option("model", options->model, "file to seal")->required();
  declare_sealing_options(*command, options->sealing);
  command->add_option("-o,--output", options->output, "default: MODEL.sealed");
  command->add_option("--envelope", options->envelope, "default: OUTPUT.key.json");
  command->footer(
      "Example: nearside model seal --key-file node.key plant.gguf\n"
      "         nearside run --model plant.gguf.sealed --key-envelope plant.gguf.sealed.key.json "
      "--key-file node.key -p Hello");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
