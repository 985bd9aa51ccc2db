// The training loop's state and one step of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "train/adamw.h"
#include "train/example.h"
#include "train/layout.h"
#include "train/transformer.h"

namespace nearside::train {

struct TrainerOptions {
  AdamWOptions adamw;
  std::size_t batch = 64;  // sequences in a step
  /// Parts a batch is cut into, each with its own gradient, added up in order: threads take parts
  /// as they are free, and the result is the same for any number of threads.
  std::size_t shards = 8;
  std::uint64_t seed = 1;
  /// How matrices are multiplied; changes the weights a run ends with a little.
  const kernels::SgemmKernel* products = kernels::sgemm_kernels().front();
};

struct StepReport {
  std::size_t step = 0;      // counted from 0
  double loss = 0;           // mean over the answer tokens, natural logarithm
  double gradient_norm = 0;  // before clipping
  float rate = 0;
  std::size_t tokens = 0;  // prompt and answer
};

struct Evaluation {
  std::size_t examples = 0;
  std::size_t exact = 0;  // greedy decoding would give the whole answer
  double loss = 0;        // mean over the answer tokens
  [[nodiscard]] double exact_fraction() const {
    return examples == 0 ? 0 : static_cast<double>(exact) / static_cast<double>(examples);
  }
};

/// Owns weights, moments and gradients. Not thread-safe; works on all threads of the pool.
class Trainer {
 public:
  /// `layout`, `examples` and `pool` must outlive the trainer. REQUIRES: examples not empty.
  Trainer(const Layout& layout, const TrainerOptions& options, std::vector<float> weights,
          std::span<const Example> examples, base::ThreadPool& pool);

  StepReport step();

  /// Greedy decoding gives the expected answer exactly if, fed the expected answer, the model's
  /// first choice is its next token everywhere; so one forward pass over each example suffices.
  /// `exact` (may be null) receives one flag for each example.
  Evaluation evaluate(std::span<const Example> examples, std::vector<bool>* exact = nullptr);

  [[nodiscard]] std::size_t steps_done() const { return steps_done_; }
  [[nodiscard]] const std::vector<float>& weights() const { return weights_; }
  [[nodiscard]] const AdamW& optimiser() const { return adamw_; }
  /// Continues from a checkpoint. REQUIRES: arrays of layout.size floats.
  void restore(std::size_t steps_done, std::vector<float> weights, std::vector<float> first,
               std::vector<float> second);

 private:
  const Layout& layout_;
  TrainerOptions options_;
  std::span<const Example> examples_;
  base::ThreadPool& pool_;
  std::vector<float> weights_;
  AdamW adamw_;
  BatchOrder order_;
  std::size_t steps_done_ = 0;
  std::vector<std::unique_ptr<Transformer>> transformers_;  // one for each thread
  std::vector<std::vector<float>> gradients_;               // one for each shard
};

}  // namespace nearside::train
