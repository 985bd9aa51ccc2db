// A loaded model: turns a batch of tokens into scores for the tokens that may follow.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/result.h"
#include "gguf/file.h"
#include "kernels/matmul.h"
#include "model/batch.h"
#include "model/hyperparameters.h"
#include "model/kv_cache.h"

namespace nearside::model {

/// Not thread-safe: it owns the working memory of a forward pass.
///
/// A row's logits depend only on the tokens of its own sequence up to its position, never on what
/// else is in the batch, how a prompt is cut into batches, or the number of threads.
class Model {
 public:
  /// The file must outlive the model, which views its weights or, where the table packs them, keeps
  /// a copy made by `threads` threads and lets go of the file's pages. Of a private file, which is
  /// settled, only what the model views can be read afterwards. Architectures: architectures.cc.
  /// Errors: kUnsupported (architecture, tensor type, a feature named in the message), kCorrupt
  /// (metadata or tensors missing or contradicting each other).
  static base::Result<std::unique_ptr<Model>> load(const gguf::File& file,
                                                   const kernels::Table& table,
                                                   std::size_t threads = 1);
  virtual ~Model() = default;

  [[nodiscard]] virtual const Hyperparameters& hyperparameters() const = 0;
  [[nodiscard]] virtual std::size_t weight_bytes() const = 0;
  [[nodiscard]] virtual std::size_t parameters() const = 0;
  /// Of the weights, what one token's pass reads whole: all but an embedding that is only looked
  /// up in, and experts that are not chosen.
  [[nodiscard]] virtual std::size_t pass_bytes() const = 0;

  /// False: it makes vectors of whole texts. Every row sees all of its sequence, which must come in
  /// one batch, and forward() may not be called.
  [[nodiscard]] virtual bool generates() const { return true; }

  /// Stores the batch's keys and values in `cache` and fills `logits` for the rows that want them,
  /// in order. Shape: logits [logits_rows(batch), vocabulary].
  /// REQUIRES: tokens below vocabulary; the cache is of kv_shape() and has room reserved; adapters
  /// were loaded for this model's hyperparameters().
  virtual void forward(const Batch& batch, KvCache& cache, std::span<float> logits,
                       kernels::Context& context) = 0;

  /// As forward, but what comes out are the rows' last states, before they are scored: what a text
  /// means to the model. Shape: states [logits_rows(batch), embedding].
  virtual void states(const Batch& batch, KvCache& cache, std::span<float> states,
                      kernels::Context& context) = 0;

  /// The cache this model needs.
  [[nodiscard]] KvShape kv_shape(std::size_t sequences_max, std::size_t context_tokens_max,
                                 KvType type = KvType::kF16) const {
    const Hyperparameters& shape = hyperparameters();
    return {.layers = shape.layers,
            .kv_heads = shape.kv_heads,
            .head_dim = shape.head_dim,
            .sequences_max = sequences_max,
            .context_tokens_max = context_tokens_max,
            .retained_pages_max = 0,
            .type = type};
  }
};

}  // namespace nearside::model
