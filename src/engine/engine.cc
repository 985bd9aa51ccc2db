#include "engine/engine.h"

#include <algorithm>
#include <utility>

#include "engine/local_engine.h"
#include "kernels/tables.h"

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Result;

namespace {

// Far past any machine or client; keeps memory that options alone decide within reason.
constexpr std::size_t kThreadsMax = 1024;
constexpr std::size_t kSequencesMax = 4096;
constexpr std::size_t kBatchTokensMax = 65'536;
// Reserved, not touched: what an operating system hands out without counting pages.
constexpr std::size_t kCacheBytesMax = std::size_t{1} << 40U;
constexpr std::string_view kChatTemplateKey = "tokenizer.chat_template";

base::Status check_options(const Options& options) {
  const auto within = [](std::size_t value, std::size_t most) {
    return value >= 1 && value <= most;
  };
  if (!within(options.threads, kThreadsMax))
    return fail(Code::kInvalidArgument, "threads is {}, but must lie between 1 and {}",
                options.threads, kThreadsMax);
  if (!within(options.sequences_max, kSequencesMax))
    return fail(Code::kInvalidArgument, "sequences_max is {}, but must lie between 1 and {}",
                options.sequences_max, kSequencesMax);
  if (!within(options.batch_tokens_max, kBatchTokensMax))
    return fail(Code::kInvalidArgument, "batch_tokens_max is {}, but must lie between 1 and {}",
                options.batch_tokens_max, kBatchTokensMax);
  if (options.context_tokens_max < 2)
    return fail(Code::kInvalidArgument,
                "context_tokens_max is {}, but a prompt and an answer need at least 2",
                options.context_tokens_max);
  return {};
}

Result<std::optional<text::ChatTemplate>> read_chat_template(const gguf::File& file) {
  if (file.find(kChatTemplateKey) == nullptr) return std::optional<text::ChatTemplate>();
  base::Result<text::ChatTemplate> parsed =
      text::ChatTemplate::parse(TRY(file.get_string(kChatTemplateKey)));
  if (!parsed) return std::move(parsed).error().with_context(kChatTemplateKey);
  return std::optional<text::ChatTemplate>(std::move(*parsed));
}

Result<LoadedModel> load_model(base::MappedFile mapping, const std::string& name,
                               const kernels::Table& table, std::size_t threads) {
  LoadedModel loaded;
  loaded.file =
      std::make_unique<gguf::File>(TRY(gguf::File::from_mapping(std::move(mapping), name)));
  loaded.tokenizer = TRY(text::Tokenizer::from_gguf(*loaded.file));
  loaded.chat_template = TRY(read_chat_template(*loaded.file));
  loaded.model = TRY(model::Model::load(*loaded.file, table, threads));
  loaded.pooling = TRY(read_pooling(*loaded.file));
  loaded.habits = find_chat_habits(
      loaded.chat_template ? TRY(loaded.file->get_string(kChatTemplateKey)) : std::string_view(),
      *loaded.tokenizer);
  const std::size_t rows = loaded.model->hyperparameters().vocabulary;
  if (loaded.tokenizer->size() > rows || loaded.tokenizer->size() == 0)
    return fail(Code::kCorrupt, "the tokenizer has {} tokens, but tensor token_embd.weight {} rows",
                loaded.tokenizer->size(), rows);
  return loaded;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::load(base::MappedFile file, const std::string& name,
                                             const Options& options, const base::Clock& clock) {
  TRY(check_options(options));
  const kernels::Table& table =
      options.kernels != nullptr ? *options.kernels : kernels::best_table();
  Result<LoadedModel> loaded = load_model(std::move(file), name, table, options.threads);
  if (!loaded) {
    // What the file's reader says names it already.
    base::Error error = std::move(loaded).error();
    return error.message.starts_with(name) ? error : std::move(error).with_context(name);
  }
  const model::Hyperparameters& shape = loaded->model->hyperparameters();
  Options adjusted = options;
  adjusted.context_tokens_max = std::min(options.context_tokens_max, shape.context_tokens);
  if (adjusted.context_tokens_max < 2)
    return fail(Code::kCorrupt, "{}: the model's context holds {} token, too few to answer", name,
                shape.context_tokens);
  const std::size_t cache_bytes = cache_shape(*loaded->model, adjusted).bytes();
  if (cache_bytes > kCacheBytesMax)
    return fail(Code::kTooLarge,
                "{}: keys and values of {} sequences of {} tokens would take {} GiB; ask for fewer "
                "or shorter ones, or keep fewer prefixes",
                name, adjusted.sequences_max, adjusted.context_tokens_max, cache_bytes >> 30U);
  ModelInfo info{.name = name,
                 .architecture = shape.architecture,
                 .context_tokens_max = adjusted.context_tokens_max,
                 .vocabulary_tokens = loaded->tokenizer->size(),
                 .weight_bytes = loaded->model->weight_bytes(),
                 .parameters = loaded->model->parameters(),
                 .has_chat_template = loaded->chat_template.has_value()};
  return std::unique_ptr<Engine>(
      std::make_unique<LocalEngine>(std::move(*loaded), std::move(info), adjusted, table, clock));
}

}  // namespace nearside::engine
