#include "train/shape.h"

#include <string>

#include "base/json.h"

namespace nearside::train {
namespace {

// A model of a billion parameters would take years on a CPU: larger sizes are mistakes.
constexpr std::size_t kSizeMax = 1U << 17;
constexpr std::size_t kLayersMax = 256;
constexpr std::size_t kBlock = 32;  // rows of Q8_0 come in blocks of 32

base::Result<std::size_t> size_of(const base::json::value& value, std::string_view key) {
  if (!value.is_int64() || value.get_int64() <= 0)
    return base::fail(base::Code::kInvalidArgument, "\"{}\" is not a positive whole number", key);
  if (static_cast<std::size_t>(value.get_int64()) > kSizeMax)
    return base::fail(base::Code::kTooLarge, "\"{}\" is more than {}", key, kSizeMax);
  return static_cast<std::size_t>(value.get_int64());
}

base::Result<float> float_of(const base::json::value& value, std::string_view key) {
  if (!value.is_number() || value.to_number<double>() <= 0)
    return base::fail(base::Code::kInvalidArgument, "\"{}\" is not a positive number", key);
  return static_cast<float>(value.to_number<double>());
}

}  // namespace

base::Status check_shape(const ModelShape& shape) {
  using base::Code;
  if (shape.vocabulary == 0 || shape.dim == 0 || shape.layers == 0 || shape.heads == 0 ||
      shape.kv_heads == 0 || shape.head_dim == 0 || shape.ffn_dim == 0 || shape.context == 0)
    return base::fail(Code::kInvalidArgument,
                      "vocabulary, dim, layers, heads and ffn_dim must all be given");
  if (shape.layers > kLayersMax)
    return base::fail(Code::kTooLarge, "\"layers\" is more than {}", kLayersMax);
  if (shape.heads % shape.kv_heads != 0)
    return base::fail(Code::kInvalidArgument, "{} heads cannot share {} kv_heads evenly",
                      shape.heads, shape.kv_heads);
  if (shape.head_dim % 2 != 0)
    return base::fail(Code::kInvalidArgument, "head_dim {} is odd; rotary positions turn pairs",
                      shape.head_dim);
  if (shape.dim % kBlock != 0 || shape.ffn_dim % kBlock != 0 || shape.q_dim() % kBlock != 0)
    return base::fail(Code::kInvalidArgument,
                      "dim {}, ffn_dim {} and heads x head_dim {} must be multiples of {}",
                      shape.dim, shape.ffn_dim, shape.q_dim(), kBlock);
  return {};
}

base::Result<ModelShape> parse_shape(std::string_view json) {
  const base::json::value root = TRY(base::parse_json(json));
  if (!root.is_object())
    return base::fail(base::Code::kInvalidArgument, "an architecture file is one JSON object");
  ModelShape shape;
  for (const auto& [key, value] : root.get_object()) {
    if (key == "vocabulary")
      shape.vocabulary = TRY(size_of(value, key));
    else if (key == "dim")
      shape.dim = TRY(size_of(value, key));
    else if (key == "layers")
      shape.layers = TRY(size_of(value, key));
    else if (key == "heads")
      shape.heads = TRY(size_of(value, key));
    else if (key == "kv_heads")
      shape.kv_heads = TRY(size_of(value, key));
    else if (key == "head_dim")
      shape.head_dim = TRY(size_of(value, key));
    else if (key == "ffn_dim")
      shape.ffn_dim = TRY(size_of(value, key));
    else if (key == "context")
      shape.context = TRY(size_of(value, key));
    else if (key == "rope_base")
      shape.rope_base = TRY(float_of(value, key));
    else if (key == "norm_epsilon")
      shape.norm_epsilon = TRY(float_of(value, key));
    else if (key == "tied_embeddings" && value.is_bool())
      shape.tied_embeddings = value.get_bool();
    else
      return base::fail(base::Code::kInvalidArgument, "\"{}\" is no key of an architecture file",
                        std::string_view(key));
  }
  if (shape.kv_heads == 0) shape.kv_heads = shape.heads;
  if (shape.head_dim == 0 && shape.heads != 0) shape.head_dim = shape.dim / shape.heads;
  TRY(check_shape(shape));
  return shape;
}

}  // namespace nearside::train
