// `nearside model import`: a checkpoint folder as a model file.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/model.h"
#include "convert/checkpoint.h"
#include "convert/import.h"
#include "gguf/writer.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string folder;
  std::string out;
  std::string type = "BF16";
};

base::Status import(const Options& options, gguf::TensorType type) {
  const convert::Checkpoint checkpoint = TRY(convert::Checkpoint::open(options.folder));
  const bool progress = ::isatty(STDERR_FILENO) == 1;
  const convert::ImportOptions how{
      .type = type,
      .progress =
          [&](std::size_t done, std::size_t count) {
            if (progress) fmt::print(stderr, "\r{} of {} tensors", done, count);
          },
  };
  gguf::Writer writer;
  TRY(convert::import_checkpoint(checkpoint, how, writer));
  TRY(writer.write(options.out));
  if (progress) fmt::print(stderr, "\r{:40}\r", "");
  return {};
}

Exit run(const Options& options) {
  const auto type = gguf::tensor_type_by_name(options.type);
  if (type != gguf::TensorType::kF32 && type != gguf::TensorType::kF16 &&
      type != gguf::TensorType::kBF16) {
    fmt::print(stderr,
               "nearside model import: --type {} is not one of F32, F16, BF16; quantise afterwards "
               "with nearside model quantize\n",
               options.type);
    return Exit::kUsage;
  }
  const base::Status status = import(options, *type);
  if (!status) {
    fmt::print(stderr, "nearside model import: {}\n", status.error().message);
    return Exit::kFailed;
  }
  return Exit::kDone;
}

}  // namespace

Run model_import(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("import", "Writes a model file from a checkpoint folder");
  command
      ->add_option("folder", options->folder,
                   "folder with config.json, tokenizer.json and safetensors (llama, mistral, "
                   "qwen2, qwen3, gemma3_text)")
      ->required();
  command->add_option("--out", options->out, "file to write")->required();
  command->add_option("--type", options->type, "of matrices: F32, F16 or BF16")
      ->capture_default_str();
  command->footer("Example: nearside model import Qwen3-0.6B --out qwen3-0.6b-bf16.gguf");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
