// AdamW with a warmed-up cosine schedule and clipping of the gradient's norm.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "train/layout.h"

namespace nearside::train {

struct AdamWOptions {
  float rate_max = 2e-3F;
  float rate_end_fraction = 0.02F;  // of rate_max, at the last step
  std::size_t warmup_steps = 100;
  std::size_t steps = 1000;
  float beta1 = 0.9F;
  float beta2 = 0.98F;
  float epsilon = 1e-8F;
  float weight_decay = 0.05F;  // matrices only
  float gradient_norm_max = 1.0F;
};

/// The rate of a step (counted from 0): linear to rate_max over the warm-up, then half a cosine.
/// Source: Loshchilov and Hutter, "SGDR" (2017), equation 5.
float learning_rate(const AdamWOptions& options, std::size_t step);

/// Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2.
/// Results do not depend on the number of threads: sums are taken over fixed pieces in a fixed
/// order.
class AdamW {
 public:
  AdamW(const Layout& layout, const AdamWOptions& options);

  /// Adds up the parts of the gradient (into the first), clips, and moves the weights. Returns the
  /// gradient's norm before clipping.
  double step(std::size_t step_index, std::span<std::vector<float>> gradients,
              std::vector<float>& weights, base::ThreadPool& pool);

  /// First and second moments, for checkpoints.
  std::vector<float> first;
  std::vector<float> second;

 private:
  struct Piece {
    std::size_t begin;
    std::size_t end;
    bool decays;
  };
  AdamWOptions options_;
  std::vector<Piece> pieces_;
  std::vector<double> squares_;  // one for each piece
};

}  // namespace nearside::train
