// Which number format each tensor of a quantised model gets.
//
// A recipe such as Q4_K_M spends more bits where they matter: on the output matrix, and on the
// value and down projections of some blocks. The choices are those of llama.cpp's llama-quantize
// without an importance matrix, so that files have the same size and meaning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gguf/file.h"
#include "gguf/tensor_type.h"

namespace nearside::model {

struct QuantizeRecipe {
  std::string_view name;    // "Q4_K_M"
  std::uint32_t file_type;  // general.file_type
  gguf::TensorType type;    // of most matrices
  enum class Mix { kPure, kSmall, kMedium, kLarge } mix = Mix::kPure;
};

std::span<const QuantizeRecipe> quantize_recipes();
/// By name, case-insensitive; null when unknown.
const QuantizeRecipe* find_quantize_recipe(std::string_view name);

/// What the choice for one tensor depends on.
struct QuantizeModel {
  std::size_t blocks = 0;
  std::size_t query_heads_per_kv_head = 1;
  std::size_t experts = 0;
  bool has_output = false;  // an output matrix apart from the embeddings
};
/// Errors: kCorrupt.
base::Result<QuantizeModel> quantize_model(const gguf::File& file);

/// The type that a tensor gets; its own where it is not to be quantised (vectors, norms, routers).
gguf::TensorType quantized_type(const QuantizeRecipe& recipe, const QuantizeModel& model,
                                const gguf::Tensor& tensor);

}  // namespace nearside::model
