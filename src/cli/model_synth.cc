// `nearside model synth`: a model file of a real shape with random weights.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/model.h"
#include "gguf/file.h"
#include "gguf/writer.h"
#include "model/synth.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string shape;
  std::string type = "Q4_0";
  std::string vocabulary;
  std::string out;
  std::uint64_t seed = 0;
  std::size_t layers = 0;     // 0: the shape's
  std::size_t lora_rank = 0;  // 0: a model; else an adapter of this rank
};

Exit fail_with(const std::string& message) {
  fmt::print(stderr, "nearside model synth: {}\n", message);
  return Exit::kFailed;
}

std::string shape_names() {
  std::string names;
  for (const model::SynthShape& shape : model::synth_shapes())
    names.append(names.empty() ? "" : ", ").append(shape.name);
  return names;
}

Exit run(const Options& options) {
  const auto shapes = model::synth_shapes();
  const model::SynthShape* found = nullptr;
  for (const model::SynthShape& shape : shapes)
    if (shape.name == options.shape) found = &shape;
  if (found == nullptr) {
    fmt::print(stderr, "nearside model synth: --shape {} is unknown; choose one of {}\n",
               options.shape, shape_names());
    return Exit::kUsage;
  }
  const auto type = gguf::tensor_type_by_name(options.type);
  if (!type) {
    fmt::print(stderr,
               "nearside model synth: --type {} is unknown; choose a tensor type such as F16, "
               "Q8_0, Q4_0 or Q4_K\n",
               options.type);
    return Exit::kUsage;
  }
  model::SynthShape shape = *found;
  if (options.layers != 0) shape.layers = options.layers;
  gguf::Writer writer;
  if (options.lora_rank != 0) {
    if (shape.encoder || shape.experts != 0)
      return fail_with("adapters of encoders and of mixtures of experts cannot be made");
    model::synthesize_adapter(shape, options.lora_rank, options.seed, writer);
  } else {
    const base::Result<gguf::File> vocabulary = gguf::File::open(options.vocabulary);
    if (!vocabulary) return fail_with(vocabulary.error().message);
    const base::Status made =
        model::synthesize(shape, {.type = *type, .seed = options.seed}, *vocabulary, writer);
    if (!made) return fail_with(made.error().message);
  }
  const base::Status written = writer.write(options.out);
  if (!written) return fail_with(written.error().message);
  return Exit::kDone;
}

}  // namespace

Run model_synth(App& root, App*& command) {
  constexpr std::size_t kLayersMax = 1024;  // what a reader accepts
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("synth",
                                "Writes a model of a real shape with random weights, for tests and "
                                "benchmarks");
  command->add_option("--shape", options->shape, shape_names())->required();
  command->add_option("--type", options->type, "tensor type of the matrices")
      ->capture_default_str();
  command->add_option("--vocab", options->vocabulary, "GGUF file to take the tokenizer from");
  command
      ->add_option("--lora-rank", options->lora_rank, "writes a LoRA adapter of this rank instead")
      ->within(1, 4096);
  command->add_option("--out", options->out, "file to write")->required();
  command->add_option("--seed", options->seed, "equal seeds give equal files")
      ->capture_default_str();
  command->add_option("--layers", options->layers, "number of blocks (default: the shape's)")
      ->within(1, kLayersMax);
  command->footer(
      "Example: nearside model synth --shape qwen3-0.6b --type Q4_0 --vocab vocabulary.gguf --out "
      "random.gguf");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
