// The decoder that llama, qwen and gemma share: blocks of attention and gated feed-forward with a
// residual state. A family's file fills TransformerWeights; what a family lacks stays empty.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/weights.h"
#include "model/adaptation.h"
#include "model/experts.h"
#include "model/gate.h"
#include "model/hyperparameters.h"
#include "model/model.h"
#include "model/rope.h"
#include "model/workspace.h"

namespace nearside::model {

/// One block. Matrices are [outputs, inputs].
struct Layer {
  std::vector<float> attention_norm;         // [embedding]
  kernels::Weights query;                    // [heads * head_dim, embedding]
  kernels::Weights key;                      // [kv_heads * head_dim, embedding]
  kernels::Weights value;                    // [kv_heads * head_dim, embedding]
  kernels::Weights attention_output;         // [embedding, heads * head_dim]
  std::vector<float> query_bias;             // [heads * head_dim], or empty
  std::vector<float> key_bias;               // [kv_heads * head_dim], or empty
  std::vector<float> value_bias;             // [kv_heads * head_dim], or empty
  std::vector<float> attention_output_bias;  // [embedding], or empty
  std::vector<float> sinks;                  // [heads], or empty; see AttentionSettings
  std::vector<float> query_norm;             // [head_dim], or empty
  std::vector<float> key_norm;               // [head_dim], or empty
  std::vector<float> attention_post_norm;    // [embedding], or empty
  std::vector<float> ffn_norm;               // [embedding]
  kernels::Weights ffn_gate;                 // [ffn, embedding]
  kernels::Weights ffn_up;                   // [ffn, embedding]
  kernels::Weights ffn_down;                 // [embedding, ffn]
  Experts experts;                           // instead of these three; empty: none
  std::vector<float> ffn_post_norm;          // [embedding], or empty
  std::size_t rope = 0;                      // index into TransformerWeights::ropes
  std::size_t window_tokens = 0;             // positions it looks back on, itself included; 0: all
};

struct TransformerWeights {
  kernels::Weights embedding;      // [vocabulary, embedding]
  kernels::Weights output;         // [vocabulary, embedding]; the embedding itself when tied
  std::vector<float> output_norm;  // [embedding]
  std::vector<Layer> layers;
  std::vector<Rope> ropes;
  Gate gate = Gate::kSilu;
  float embedding_scale = 1.0F;  // of a token's state before the first block
  float attention_scale = 1.0F;  // of a query's product with a key
  float attention_cap = 0.0F;    // see AttentionSettings::score_cap
  float logit_cap = 0.0F;        // the scores s become cap * tanh(s / cap); 0: they stay
  std::size_t bytes = 0;
  /// What a token's pass leaves unread: an embedding that is not the output head too, experts that
  /// are not chosen.
  std::size_t idle_bytes = 0;
  std::size_t parameters = 0;
};

class Transformer final : public Model {
 public:
  Transformer(Hyperparameters shape, TransformerWeights weights);

  [[nodiscard]] const Hyperparameters& hyperparameters() const override { return shape_; }
  [[nodiscard]] std::size_t weight_bytes() const override { return weights_.bytes; }
  [[nodiscard]] std::size_t parameters() const override { return weights_.parameters; }
  [[nodiscard]] std::size_t pass_bytes() const override {
    return weights_.bytes - weights_.idle_bytes;
  }
  void forward(const Batch& batch, KvCache& cache, std::span<float> logits,
               kernels::Context& context) override;
  void states(const Batch& batch, KvCache& cache, std::span<float> states,
              kernels::Context& context) override;

 private:
  void embed(const Batch& batch, kernels::Context& context);
  /// All blocks. Returns the rows that want logits, whose states behind the last block are then the
  /// first of work_.state. What only other rows would need of the last block is left out.
  const Batch& run_blocks(const Batch& batch, KvCache& cache, kernels::Context& context);
  /// Moves states and queries of the rows that want logits to the front, and returns these rows.
  const Batch& keep_wanted(const Batch& batch);
  /// The states of the first rows, normalised.
  void norm_last(std::size_t rows, float* out, kernels::Context& context);
  /// Queries of work_.normed, the block's input, and its keys and values into the cache.
  void project_and_store(std::size_t layer_index, const Batch& batch, KvCache& cache,
                         kernels::Context& context);
  /// From the queries to what the next block takes.
  void attention_block(std::size_t layer_index, const Batch& batch, const KvCache& cache,
                       kernels::Context& context);
  /// Adds what a block gave (work_.projected) to the state, and normalises the state for the next
  /// block (work_.normed; empty: there is none), row by row while the row is in the first cache.
  void end_block(const std::vector<float>& bias, const std::vector<float>& post_norm,
                 const std::vector<float>& next_norm, std::size_t rows, kernels::Context& context);
  /// Adds biases, normalises and turns queries and keys, and stores keys and values.
  void rotate_and_store(std::size_t layer_index, const Batch& batch, KvCache& cache,
                        kernels::Context& context);
  /// `rows`: as run_blocks returns them.
  void score(const Batch& rows, std::span<float> logits, kernels::Context& context);
  /// Of work_.normed, the block's input.
  void ffn_block(std::size_t layer_index, std::size_t rows, kernels::Context& context);
  /// work_.projected = the gated feed-forward block of work_.normed.
  void gated_ffn(std::size_t layer_index, std::size_t rows, kernels::Context& context);

  Hyperparameters shape_;
  TransformerWeights weights_;
  Workspace work_;
  Adaptation adaptation_;
  ExpertBlock expert_block_;
  Batch wanted_;
};

}  // namespace nearside::model
