// A feed-forward block of which a router chooses a few of many parts for each token.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/matmul.h"
#include "model/gate.h"

namespace nearside::model {

/// A gated feed-forward block. Matrices are [outputs, inputs].
struct Expert {
  kernels::Weights gate;           // [expert_ffn, embedding]
  kernels::Weights up;             // [expert_ffn, embedding]
  kernels::Weights down;           // [embedding, expert_ffn]
  std::vector<float> gate_bias{};  // [expert_ffn], or empty
  std::vector<float> up_bias{};    // [expert_ffn], or empty
  std::vector<float> down_bias{};  // [embedding], or empty
};

struct Experts {
  kernels::Weights router;  // [experts, embedding]
  std::vector<Expert> all;
  std::vector<float> router_bias{};  // [experts], or empty
  std::size_t used = 0;              // of them, for each token
};

/// Which experts one token goes to, in order of their numbers, and what each counts for: the
/// softmax over all experts' scores, of the `used` greatest only, brought to a sum of 1. Equal
/// scores: the lower number. Source: https://arxiv.org/abs/2101.03961, section 2.1, with the top-k
/// of https://arxiv.org/abs/2505.09388, section 2 (norm_topk_prob).
struct ExpertShare {
  std::size_t expert = 0;
  float weight = 0.0F;
};
/// `scores` [experts]; none is NaN, or the choice is unspecified but within bounds.
std::vector<ExpertShare> choose_experts(const float* scores, std::size_t experts, std::size_t used);

/// Not thread-safe: it owns the working memory. A row's result depends on the row alone: its
/// experts are added up in order of their numbers.
class ExpertBlock {
 public:
  /// out[row] = sum over the row's experts of weight * expert(x[row]).
  /// Shapes: x, out [rows, embedding].
  void compute(const Experts& experts, Gate gate, const float* x, std::size_t rows, float* out,
               kernels::Context& context);

 private:
  /// A row that an expert computes.
  struct Visit {
    std::size_t row = 0;
    float weight = 0.0F;
  };
  void compute_one(const Expert& expert, Gate gate, const std::vector<Visit>& visits,
                   const float* x, float* out, kernels::Context& context);

  std::vector<std::vector<Visit>> visits_;  // of each expert
  std::vector<float> scores_;               // [row, expert]
  std::vector<float> gathered_;             // [visit, embedding]
  std::vector<float> gate_;                 // [visit, expert_ffn]
  std::vector<float> up_;                   // [visit, expert_ffn]
  std::vector<float> down_;                 // [visit, embedding]
};

}  // namespace nearside::model
