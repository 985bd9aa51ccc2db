// `nearside eval perplexity`: how well a model predicts a text, by llama-perplexity's method.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "base/thread_pool.h"
#include "cli/eval.h"
#include "cli/kernel_choice.h"
#include "cli/kv_option.h"
#include "cli/local_model.h"
#include "gguf/file.h"
#include "kernels/matmul.h"
#include "model/adapter.h"
#include "model/model.h"
#include "model/perplexity.h"
#include "text/tokenizer.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string model;
  std::string text;
  std::size_t threads = 0;
  std::size_t context_tokens = 512;
  std::size_t chunks = 0;
  model::KvType kv_type = model::KvType::kF16;
  std::string adapter;
  bool json = false;
};

base::Result<model::Perplexity> measure(const Options& options) {
  const std::string content = TRY(base::read_file(options.text));
  const gguf::File file = TRY(gguf::File::open(options.model));
  const std::unique_ptr<text::Tokenizer> tokenizer = TRY(text::Tokenizer::from_gguf(file));
  const kernels::Table& table = *TRY(chosen_kernels());
  const std::unique_ptr<model::Model> loaded =
      TRY(model::Model::load(file, table, thread_count(options.threads)));
  if (tokenizer->size() > loaded->hyperparameters().vocabulary)
    return base::fail(base::Code::kCorrupt, "{}: the tokenizer has {} tokens, the embedding {}",
                      options.model, tokenizer->size(), loaded->hyperparameters().vocabulary);

  std::shared_ptr<const model::Adapter> adapter;
  if (!options.adapter.empty()) {
    gguf::File adapter_file = TRY(gguf::File::open(options.adapter));
    adapter = TRY(model::Adapter::load(std::move(adapter_file), options.adapter,
                                       loaded->hyperparameters(), table));
  }
  const model::RowAdapter row_adapter{.adapter = adapter.get(), .scale = 1.0F};
  std::vector<text::TokenId> tokens;
  model::PerplexitySettings settings{.context_tokens = options.context_tokens,
                                     .chunks_max = options.chunks,
                                     .kv_type = options.kv_type,
                                     .adapter = adapter != nullptr ? &row_adapter : nullptr};
  if (tokenizer->add_bos()) settings.bos = tokenizer->bos();
  if (settings.bos >= 0) tokens.push_back(settings.bos);
  tokenizer->encode(content, text::Tokenizer::Special::kIgnore, tokens);

  base::ThreadPool pool(thread_count(options.threads));
  kernels::Context context{.table = table, .pool = pool};
  return model::measure_perplexity(
      *loaded, tokens, settings, context, [&](const model::Perplexity& so_far) {
        if (!options.json) fmt::print(stderr, "[{}]{:.4f}\n", so_far.chunks, so_far.perplexity);
      });
}

Exit run(const Options& options) {
  const base::Result<model::Perplexity> result = measure(options);
  if (!result) {
    fmt::print(stderr, "nearside eval perplexity: {}\n", result.error().message);
    return Exit::kFailed;
  }
  if (options.json) {
    const base::json::object report{{"perplexity", result->perplexity},
                                    {"standard_error", result->standard_error},
                                    {"chunks", result->chunks},
                                    {"tokens_scored", result->tokens_scored},
                                    {"context_tokens", options.context_tokens}};
    fmt::print("{}\n", base::json::serialize(report));
  } else {
    fmt::print("perplexity {:.4f} +/- {:.5f} over {} chunks of {} tokens\n", result->perplexity,
               result->standard_error, result->chunks, options.context_tokens);
  }
  return Exit::kDone;
}

}  // namespace

Run eval_perplexity(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand(
      "perplexity",
      "How well a model predicts a text (same method as llama-perplexity: chunks "
      "begin with BOS where the model expects it, the second half of each is scored)");
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  command->add_option("-f,--file", options->text, "text, - for standard input")->required();
  command->add_option("-c,--ctx", options->context_tokens, "tokens of a chunk")
      ->capture_default_str();
  command->add_option("--chunks", options->chunks, "chunks at most (default: the whole text)");
  command->add_option("-t,--threads", options->threads,
                      "threads to compute with (default: one for each hardware thread)");
  add_kv_option(*command, options->kv_type);
  command->add_option("--adapter", options->adapter, "LoRA adapter (GGUF) to apply");
  command->add_flag("--json", options->json, "one JSON object on standard output");
  command->footer("Example: nearside eval perplexity --model model.gguf --file text.txt --json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
