// `nearside model quantize`: a model file with its matrices in fewer bits.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/local_model.h"
#include "cli/model.h"
#include "gguf/file.h"
#include "gguf/writer.h"
#include "model/quantize.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string in;
  std::string out;
  std::string type = "Q4_K_M";
  std::size_t threads = 0;
  bool allow_requantize = false;
};

std::string recipe_names() {
  std::string names;
  for (const model::QuantizeRecipe& recipe : model::quantize_recipes())
    names.append(names.empty() ? "" : ", ").append(recipe.name);
  return names;
}

base::Status quantize(const Options& options, const model::QuantizeRecipe& recipe) {
  const gguf::File file = TRY(gguf::File::open(options.in));
  base::ThreadPool pool(thread_count(options.threads));
  const bool progress = ::isatty(STDERR_FILENO) == 1;
  const model::QuantizeOptions how{
      .allow_requantize = options.allow_requantize,
      .progress =
          [&](std::size_t done, std::size_t count) {
            if (progress) fmt::print(stderr, "\r{} of {} tensors", done, count);
          },
  };
  gguf::Writer writer;
  TRY(model::quantize(file, recipe, how, pool, writer));
  TRY(writer.write(options.out));
  if (progress) fmt::print(stderr, "\r{:40}\r", "");
  return {};
}

Exit run(const Options& options) {
  const model::QuantizeRecipe* const recipe = model::find_quantize_recipe(options.type);
  if (recipe == nullptr) {
    fmt::print(stderr, "nearside model quantize: --type {} is unknown; choose one of {}\n",
               options.type, recipe_names());
    return Exit::kUsage;
  }
  const base::Status status = quantize(options, *recipe);
  if (!status) {
    fmt::print(stderr, "nearside model quantize: {}\n", status.error().message);
    return Exit::kFailed;
  }
  return Exit::kDone;
}

}  // namespace

Run model_quantize(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("quantize", "Writes a model file with its matrices in fewer bits");
  command->add_option("in", options->in, "model file with F32, F16 or BF16 weights")->required();
  command->add_option("out", options->out, "file to write")->required();
  command->add_option("--type", options->type, recipe_names())->capture_default_str();
  command->add_option("--threads", options->threads, "0: one a hardware thread")
      ->capture_default_str();
  command->add_flag("--allow-requantize", options->allow_requantize,
                    "also take weights that are quantised already; loses quality twice");
  command->footer(
      "Example: nearside model quantize model-f16.gguf model-q4_k_m.gguf --type Q4_K_M");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
