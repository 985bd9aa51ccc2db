// How well a model predicts a text: the exponential of the mean negative log-likelihood of its
// tokens.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "base/result.h"
#include "kernels/matmul.h"
#include "model/batch.h"
#include "model/model.h"

namespace nearside::model {

struct PerplexitySettings {
  std::size_t context_tokens = 512;  // of a chunk; even
  std::size_t chunks_max = 0;        // 0: as many as the text has
  KvType kv_type = KvType::kF16;
  const RowAdapter* adapter = nullptr;  // null: the model as it is
  TokenId bos = -1;                     // replaces each chunk's first token; -1: nothing does
};

struct Perplexity {
  double perplexity = 0.0;
  double standard_error = 0.0;  // of perplexity
  std::size_t chunks = 0;
  std::size_t tokens_scored = 0;
};

/// Same method as llama-perplexity: the text is cut into chunks that know nothing of each other,
/// and the second half of each is scored, so that every scored token has half a chunk before it.
/// `progress` hears of the estimate so far after each chunk; may be empty.
/// Errors: kInvalidArgument (a chunk that is odd, shorter than 4 or longer than the model's
/// context; a text shorter than one chunk), kCorrupt (scores that are not numbers), kUnsupported (a
/// model that does not generate).
base::Result<Perplexity> measure_perplexity(
    Model& model, std::span<const TokenId> tokens, const PerplexitySettings& settings,
    kernels::Context& context, const std::function<void(const Perplexity&)>& progress = {});

}  // namespace nearside::model
