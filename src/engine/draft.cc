#include "engine/draft.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "kernels/table.h"

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Result;
using model::SequenceIndex;
using model::TokenId;

namespace {

base::Status check_vocabulary(const text::Tokenizer& draft, const text::Tokenizer& model) {
  bool same = draft.size() == model.size();
  for (std::size_t i = 0; same && i < model.size(); ++i)
    same = draft.spelling(static_cast<TokenId>(i)) == model.spelling(static_cast<TokenId>(i));
  if (!same)
    return fail(Code::kInvalidArgument,
                "the draft has another vocabulary than the model; take a small model of the same "
                "family");
  return {};
}

}  // namespace

Result<std::unique_ptr<Draft>> Draft::load(base::MappedFile mapping,
                                           const text::Tokenizer& tokenizer,
                                           const DraftOptions& options,
                                           const kernels::Table& table) {
  auto file =
      std::make_unique<gguf::File>(TRY(gguf::File::from_mapping(std::move(mapping), "the draft")));
  const std::unique_ptr<text::Tokenizer> own = TRY(text::Tokenizer::from_gguf(*file));
  TRY(check_vocabulary(*own, tokenizer));
  std::unique_ptr<model::Model> model = TRY(model::Model::load(*file, table, options.threads));
  if (!model->generates() || own->size() > model->hyperparameters().vocabulary)
    return fail(Code::kInvalidArgument, "the draft is no model that generates text");
  return std::unique_ptr<Draft>(new Draft(std::move(file), std::move(model), own->size(), options));
}

Draft::Draft(std::unique_ptr<gguf::File> file, std::unique_ptr<model::Model> model,
             std::size_t vocabulary_tokens, const DraftOptions& options)
    : file_(std::move(file)),
      model_(std::move(model)),
      vocabulary_tokens_(vocabulary_tokens),
      options_(options),
      context_tokens_max_(
          std::min(options.context_tokens_max, model_->hyperparameters().context_tokens)),
      cache_(model_->kv_shape(options.sequences_max, context_tokens_max_)),
      read_(options.sequences_max) {}

void Draft::align(const Want& want) {
  std::vector<TokenId>& read = read_[want.slot];
  const std::size_t most = std::min(read.size(), want.tokens.size() - 1);
  const auto differs = std::mismatch(read.begin(), read.begin() + static_cast<std::ptrdiff_t>(most),
                                     want.tokens.begin());
  const auto same = static_cast<std::size_t>(differs.first - read.begin());
  if (same == read.size()) return;
  read.resize(same);
  if (same == 0)
    cache_.clear(static_cast<SequenceIndex>(want.slot));
  else
    cache_.truncate(static_cast<SequenceIndex>(want.slot), same);
}

void Draft::add_row(std::size_t slot, TokenId token, bool wants_logits) {
  const auto sequence = static_cast<SequenceIndex>(slot);
  std::vector<TokenId>& read = read_[slot];
  cache_.reserve(sequence, read.size() + 1);
  batch_.push_back({.sequence = sequence,
                    .position = static_cast<std::uint32_t>(read.size()),
                    .token = token,
                    .wants_logits = wants_logits});
  read.push_back(token);
}

void Draft::flush(kernels::Context& context) {
  logits_.resize(model::logits_rows(batch_) * model_->hyperparameters().vocabulary);
  model_->forward(batch_, cache_, logits_, context);
  batch_.clear();
}

void Draft::read(const Want& want, kernels::Context& context) {
  align(want);
  for (std::size_t at = read_[want.slot].size(); at + 1 < want.tokens.size(); ++at) {
    if (batch_.size() == options_.batch_tokens_max) flush(context);
    add_row(want.slot, want.tokens[at], false);
  }
}

std::vector<std::vector<TokenId>> Draft::guess(std::span<const Want> wants,
                                               kernels::Context& context) {
  std::vector<std::vector<TokenId>> guesses(wants.size());
  std::vector<std::size_t> left(wants.size(), 0);  // to guess
  for (std::size_t i = 0; i < wants.size(); ++i) {
    CHECK(!wants[i].tokens.empty() && wants[i].slot < read_.size());
    const std::size_t room =
        context_tokens_max_ - std::min(context_tokens_max_, wants[i].tokens.size());
    left[i] = std::min(wants[i].count, room);
    if (left[i] > 0) read(wants[i], context);
  }
  if (!batch_.empty()) flush(context);
  const std::size_t vocabulary = model_->hyperparameters().vocabulary;
  while (true) {
    std::vector<std::size_t> asked;  // wants whose rows stand in the batch
    for (std::size_t i = 0; i < wants.size(); ++i) {
      if (guesses[i].size() >= left[i]) continue;
      add_row(wants[i].slot, guesses[i].empty() ? wants[i].tokens.back() : guesses[i].back(), true);
      asked.push_back(i);
    }
    if (asked.empty()) return guesses;
    flush(context);
    for (std::size_t row = 0; row < asked.size(); ++row)
      guesses[asked[row]].push_back(static_cast<TokenId>(
          context.table.argmax(&logits_[row * vocabulary], vocabulary_tokens_)));
  }
}

}  // namespace nearside::engine
