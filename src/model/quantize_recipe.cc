#include "model/quantize_recipe.h"

#include <algorithm>
#include <array>
#include <string>

namespace nearside::model {

namespace {

using gguf::TensorType;
using Mix = QuantizeRecipe::Mix;

// Source of the numbers: llama.h, enum llama_ftype.
constexpr std::array kRecipes = {
    QuantizeRecipe{"F32", 0, TensorType::kF32},
    QuantizeRecipe{"F16", 1, TensorType::kF16},
    QuantizeRecipe{"BF16", 32, TensorType::kBF16},
    QuantizeRecipe{"Q4_0", 2, TensorType::kQ4_0},
    QuantizeRecipe{"Q4_1", 3, TensorType::kQ4_1},
    QuantizeRecipe{"Q5_0", 8, TensorType::kQ5_0},
    QuantizeRecipe{"Q5_1", 9, TensorType::kQ5_1},
    QuantizeRecipe{"Q8_0", 7, TensorType::kQ8_0},
    QuantizeRecipe{"Q2_K", 10, TensorType::kQ2_K, Mix::kMedium},
    QuantizeRecipe{"Q3_K_S", 11, TensorType::kQ3_K, Mix::kSmall},
    QuantizeRecipe{"Q3_K_M", 12, TensorType::kQ3_K, Mix::kMedium},
    QuantizeRecipe{"Q3_K_L", 13, TensorType::kQ3_K, Mix::kLarge},
    QuantizeRecipe{"Q4_K_S", 14, TensorType::kQ4_K, Mix::kSmall},
    QuantizeRecipe{"Q4_K_M", 15, TensorType::kQ4_K, Mix::kMedium},
    QuantizeRecipe{"Q5_K_S", 16, TensorType::kQ5_K, Mix::kSmall},
    QuantizeRecipe{"Q5_K_M", 17, TensorType::kQ5_K, Mix::kMedium},
    QuantizeRecipe{"Q6_K", 18, TensorType::kQ6_K},
};

/// The number in "blk.12.attn_v.weight".
std::optional<std::size_t> block_of(std::string_view name) {
  if (!name.starts_with("blk.")) return std::nullopt;
  std::size_t block = 0;
  for (const char c : name.substr(4)) {
    if (c == '.') return block;
    if (c < '0' || c > '9' || block > 100'000) return std::nullopt;
    block = block * 10 + static_cast<std::size_t>(c - '0');
  }
  return std::nullopt;
}

/// The first and last eighth of the blocks, and every third one between.
bool wants_more_bits(std::size_t block, std::size_t blocks) {
  return block < blocks / 8 || block >= 7 * blocks / 8 || (block - blocks / 8) % 3 == 2;
}

TensorType value_type(const QuantizeRecipe& recipe, const QuantizeModel& model, std::size_t block) {
  TensorType type = recipe.type;
  if (recipe.type == TensorType::kQ2_K)
    type = model.query_heads_per_kv_head >= 4 ? TensorType::kQ4_K : TensorType::kQ3_K;
  if (recipe.type == TensorType::kQ3_K && recipe.mix == Mix::kMedium)
    type = block < 2 ? TensorType::kQ5_K : TensorType::kQ4_K;
  if (recipe.type == TensorType::kQ3_K && recipe.mix == Mix::kLarge) type = TensorType::kQ5_K;
  const bool four_or_five = recipe.type == TensorType::kQ4_K || recipe.type == TensorType::kQ5_K;
  if (four_or_five && recipe.mix == Mix::kMedium && wants_more_bits(block, model.blocks))
    type = TensorType::kQ6_K;
  if (recipe.type == TensorType::kQ4_K && recipe.mix == Mix::kSmall && block < 4)
    type = TensorType::kQ5_K;
  // Eight heads of llama 70B share these small matrices.
  constexpr std::size_t kBlocksOf70B = 80;
  if (model.blocks == kBlocksOf70B && model.query_heads_per_kv_head == 8 &&
      (type == TensorType::kQ3_K || type == TensorType::kQ4_K))
    type = TensorType::kQ5_K;
  return model.experts == 8 ? TensorType::kQ8_0 : type;
}

TensorType down_type(const QuantizeRecipe& recipe, const QuantizeModel& model, std::size_t block) {
  const bool medium = recipe.mix == Mix::kMedium;
  switch (recipe.type) {
    case TensorType::kQ2_K:
      return TensorType::kQ3_K;
    case TensorType::kQ3_K:
      if (recipe.mix == Mix::kLarge) return TensorType::kQ5_K;
      if (!medium) return recipe.type;
      return block < model.blocks / 16 ? TensorType::kQ5_K : TensorType::kQ4_K;
    case TensorType::kQ4_K:
      if (medium && wants_more_bits(block, model.blocks)) return TensorType::kQ6_K;
      if (recipe.mix == Mix::kSmall && block < model.blocks / 8) return TensorType::kQ5_K;
      return recipe.type;
    case TensorType::kQ5_K:
      return medium && wants_more_bits(block, model.blocks) ? TensorType::kQ6_K : recipe.type;
    default:
      return recipe.type;
  }
}

TensorType attention_output_type(const QuantizeRecipe& recipe, const QuantizeModel& model) {
  const bool upto_four = recipe.type == TensorType::kQ2_K || recipe.type == TensorType::kQ3_K ||
                         recipe.type == TensorType::kQ4_K;
  if (model.experts == 8 && upto_four && recipe.mix != Mix::kLarge) return TensorType::kQ5_K;
  if (recipe.type == TensorType::kQ2_K) return TensorType::kQ3_K;
  if (recipe.type == TensorType::kQ3_K && recipe.mix == Mix::kMedium) return TensorType::kQ4_K;
  if (recipe.type == TensorType::kQ3_K && recipe.mix == Mix::kLarge) return TensorType::kQ5_K;
  return recipe.type;
}

TensorType attention_qkv_type(const QuantizeRecipe& recipe) {
  if (recipe.type == TensorType::kQ3_K && recipe.mix != Mix::kSmall) return TensorType::kQ4_K;
  if (recipe.mix != Mix::kMedium) return recipe.type;
  if (recipe.type == TensorType::kQ4_K) return TensorType::kQ5_K;
  return recipe.type == TensorType::kQ5_K ? TensorType::kQ6_K : recipe.type;
}

/// For rows that are not whole blocks of the chosen type.
TensorType fitting(TensorType type, std::uint64_t columns) {
  const auto fits = [&](TensorType candidate) {
    return columns % gguf::tensor_type_info(candidate).block_elements == 0;
  };
  if (fits(type)) return type;
  switch (type) {
    case TensorType::kQ2_K:
    case TensorType::kQ3_K:
      type = TensorType::kIQ4_NL;
      break;
    case TensorType::kQ4_K:
      type = TensorType::kQ5_0;
      break;
    case TensorType::kQ5_K:
      type = TensorType::kQ5_1;
      break;
    case TensorType::kQ6_K:
      type = TensorType::kQ8_0;
      break;
    default:
      break;
  }
  return fits(type) ? type : TensorType::kF16;
}

bool is_quantised(TensorType type) { return gguf::tensor_type_info(type).block_elements > 1; }

bool to_be_quantised(const gguf::Tensor& tensor) {
  if (!tensor.name.ends_with("weight") || tensor.dims_count < 2) return false;
  constexpr std::array<std::string_view, 4> kNever = {"_norm.weight", "ffn_gate_inp.weight",
                                                      "position_embd.weight", "token_types.weight"};
  return std::ranges::none_of(kNever, [&](std::string_view part) {
    return tensor.name.find(part) != std::string_view::npos;
  });
}

}  // namespace

std::span<const QuantizeRecipe> quantize_recipes() { return kRecipes; }

const QuantizeRecipe* find_quantize_recipe(std::string_view name) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  for (const QuantizeRecipe& recipe : kRecipes)
    if (std::ranges::equal(recipe.name, name, {}, upper, upper)) return &recipe;
  return nullptr;
}

base::Result<QuantizeModel> quantize_model(const gguf::File& file) {
  const std::string architecture(TRY(file.get_string("general.architecture")));
  const auto number = [&](std::string_view key, std::uint64_t absent) -> base::Result<std::size_t> {
    return static_cast<std::size_t>(
        TRY(file.get_uint_or(architecture + "." + std::string(key), absent)));
  };
  QuantizeModel model;
  model.blocks = TRY(number("block_count", 0));
  const std::size_t heads = TRY(number("attention.head_count", 1));
  const std::size_t kv_heads = TRY(number("attention.head_count_kv", heads));
  model.query_heads_per_kv_head = heads / std::max<std::size_t>(kv_heads, 1);
  model.experts = TRY(number("expert_count", 0));
  model.has_output = file.find_tensor("output.weight") != nullptr;
  return model;
}

TensorType quantized_type(const QuantizeRecipe& recipe, const QuantizeModel& model,
                          const gguf::Tensor& tensor) {
  if (!to_be_quantised(tensor)) return tensor.type;
  if (!is_quantised(recipe.type)) return recipe.type;
  const auto named = [&](std::string_view part) {
    return tensor.name.find(part) != std::string_view::npos;
  };
  const std::size_t block = block_of(tensor.name).value_or(0);
  TensorType type = recipe.type;
  // Without an output matrix the embeddings are one.
  if (tensor.name == "output.weight" || (!model.has_output && tensor.name == "token_embd.weight")) {
    const std::size_t elements = gguf::tensor_type_info(type).block_elements;
    if (tensor.dims[0] % elements != 0)
      type = TensorType::kQ8_0;
    else if (type != TensorType::kQ8_0)
      type = TensorType::kQ6_K;
  } else if (tensor.name == "token_embd.weight") {
    type = recipe.type;
  } else if (named("attn_v.weight")) {
    type = value_type(recipe, model, block);
  } else if (named("attn_k.weight")) {
    type = model.experts == 8 ? TensorType::kQ8_0 : recipe.type;
  } else if (named("ffn_down")) {
    type = down_type(recipe, model, block);
  } else if (named("attn_output.weight")) {
    type = attention_output_type(recipe, model);
  } else if (named("attn_qkv.weight")) {
    type = attention_qkv_type(recipe);
  }
  return fitting(type, tensor.dims[0]);
}

}  // namespace nearside::model
