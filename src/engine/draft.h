// A small model that guesses what a large one will say next; the large one confirms several guesses
// in one step. Source: Leviathan et al., https://arxiv.org/abs/2211.17192 (here guesses are greedy
// and confirmed by drawing: what is chosen never depends on them).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "base/result.h"
#include "gguf/file.h"
#include "kernels/matmul.h"
#include "model/batch.h"
#include "model/kv_cache.h"
#include "model/model.h"
#include "text/tokenizer.h"

namespace nearside::engine {

struct DraftOptions {
  std::size_t sequences_max = 0;
  std::size_t context_tokens_max = 0;  // of the model that is guessed for
  std::size_t batch_tokens_max = 0;    // of one pass of the draft
  std::size_t threads = 1;
};

/// Not thread-safe. Keeps keys and values of its own for every sequence, so that it reads each
/// token once.
class Draft {
 public:
  /// Errors: those of gguf::File and Model::load; kInvalidArgument (another vocabulary than the
  /// model's, or a model that does not generate).
  static base::Result<std::unique_ptr<Draft>> load(base::MappedFile file,
                                                   const text::Tokenizer& tokenizer,
                                                   const DraftOptions& options,
                                                   const kernels::Table& table);

  /// One sequence and how many tokens to guess behind it.
  struct Want {
    std::size_t slot = 0;  // below sequences_max, each at most once
    std::span<const model::TokenId> tokens;
    std::size_t count = 0;
  };
  /// The likeliest tokens, for each want at most `count`; none where the sequence has outgrown the
  /// draft's context. What of a sequence it has not read yet it reads first: the first guess behind
  /// a prompt takes the draft's whole prefill.
  [[nodiscard]] std::vector<std::vector<model::TokenId>> guess(std::span<const Want> wants,
                                                               kernels::Context& context);

 private:
  Draft(std::unique_ptr<gguf::File> file, std::unique_ptr<model::Model> model,
        std::size_t vocabulary_tokens, const DraftOptions& options);
  /// Forgets what the sequence no longer begins with; at least its last token is left to read.
  void align(const Want& want);
  /// Reads tokens [from, end) of a want's sequence in passes of batch_tokens_max, but for what goes
  /// into batch_: the last pass, whose last row wants logits.
  void read(const Want& want, kernels::Context& context);
  void add_row(std::size_t slot, model::TokenId token, bool wants_logits);
  void flush(kernels::Context& context);

  std::unique_ptr<gguf::File> file_;  // the model views it
  std::unique_ptr<model::Model> model_;
  std::size_t vocabulary_tokens_;  // tokens, without the embedding's padding
  DraftOptions options_;
  std::size_t context_tokens_max_;
  model::KvCache cache_;
  std::vector<std::vector<model::TokenId>> read_;  // of each slot: what the cache holds
  model::Batch batch_;
  std::vector<float> logits_;
};

}  // namespace nearside::engine
