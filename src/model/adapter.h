// LoRA: what was learned beside a model's matrices, in two thin matrices each, kept apart from them
// so that requests with different adapters share one batch and one copy of the model.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "kernels/weights.h"
#include "model/hyperparameters.h"

namespace nearside::model {

/// Adds scale * up (down x) to a matrix's product with x. Source: https://arxiv.org/abs/2106.09685,
/// section 4.1, equation 3; scale is alpha / rank, as in llama.cpp.
struct LowRank {
  kernels::Weights down;  // [rank, inputs]
  kernels::Weights up;    // [outputs, rank]
  float scale = 0.0F;

  [[nodiscard]] bool empty() const { return up.rows() == 0; }
};

/// The matrices of a block that an adapter may add to.
enum class AdaptedMatrix : std::uint8_t {
  kQuery,
  kKey,
  kValue,
  kAttentionOutput,
  kFfnGate,
  kFfnUp,
  kFfnDown,
};
inline constexpr std::size_t kAdaptedMatrices = 7;

/// Immutable, so that threads may share it.
class Adapter {
 public:
  /// A rank past this is no low one; real adapters have 4 to 256.
  static constexpr std::size_t kRankMax = 4096;

  /// Reads a GGUF adapter file (general.type "adapter", adapter.type "lora", adapter.lora.alpha,
  /// tensors NAME.lora_a [rank, inputs] and NAME.lora_b [outputs, rank]) that was made for a model
  /// of `base`. Keeps the file, whose bytes it computes with. `name` is for messages.
  /// Errors: kCorrupt (no adapter; a half of a pair missing; shapes that contradict each other;
  /// alpha no number), kInvalidArgument (made for another model: architecture, or a tensor that
  /// the base lacks or has in another shape; the first that differs is named), kUnsupported
  /// (another kind of adapter, tensor types without products, adapted embeddings or experts).
  static base::Result<std::shared_ptr<const Adapter>> load(gguf::File file, const std::string& name,
                                                           const Hyperparameters& base,
                                                           const kernels::Table& table);

  [[nodiscard]] const LowRank& of(std::size_t layer, AdaptedMatrix matrix) const {
    return layers_[layer][static_cast<std::size_t>(matrix)];
  }
  /// Of the output head.
  [[nodiscard]] const LowRank& of_output() const { return output_; }
  /// Of its weights, as the file has them.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t parameters() const { return parameters_; }

 private:
  friend class AdapterReader;
  explicit Adapter(gguf::File file) : file_(std::move(file)) {}

  gguf::File file_;
  std::vector<std::array<LowRank, kAdaptedMatrices>> layers_;
  LowRank output_;
  std::size_t bytes_ = 0;
  std::size_t parameters_ = 0;
};

}  // namespace nearside::model
