#include "model/hyperparameters.h"

#include <cmath>

#include <fmt/format.h>

namespace nearside::model {

using base::Code;
using base::Error;
using base::fail;
using base::Result;

namespace {

// Several times the largest model known for each number, and small enough that products of two of
// them cannot overflow 64 bits.
constexpr std::size_t kLayersMax = 1024;
constexpr std::size_t kWidthMax = std::size_t{1} << 20;
constexpr std::size_t kHeadsMax = 4096;
constexpr std::size_t kHeadDimMax = 1024;
constexpr std::size_t kExpertsMax = 4096;
constexpr std::size_t kVocabularyMax = std::size_t{1} << 24;
constexpr std::size_t kContextTokensMax = std::size_t{1} << 27;

/// A count from the metadata that lies in [1, most].
Result<std::size_t> read_count(const gguf::File& file, const std::string& key, std::size_t most) {
  const std::uint64_t value = TRY(file.get_uint(key));
  if (value < 1 || value > most)
    return fail(Code::kCorrupt, "metadata {} is {}, but must lie between 1 and {}", key, value,
                most);
  return static_cast<std::size_t>(value);
}

Result<std::size_t> read_count_or(const gguf::File& file, const std::string& key, std::size_t most,
                                  std::size_t otherwise) {
  if (file.find(key) == nullptr) return otherwise;
  return read_count(file, key, most);
}

Result<float> read_positive(const gguf::File& file, const std::string& key, double otherwise) {
  const double value = TRY(file.get_float_or(key, otherwise));
  if (!std::isfinite(value) || value <= 0.0 || value > 1e12)
    return fail(Code::kCorrupt, "metadata {} is {}, but must be a positive number", key, value);
  return static_cast<float>(value);
}

Result<std::size_t> read_vocabulary(const gguf::File& file) {
  const gguf::Tensor* embedding = file.find_tensor("token_embd.weight");
  if (embedding == nullptr)
    return fail(Code::kCorrupt, "tensor token_embd.weight is missing: not a file with weights");
  if (embedding->dims_count != 2 || embedding->dims[1] < 1 || embedding->dims[1] > kVocabularyMax)
    return fail(Code::kCorrupt, "tensor token_embd.weight must be a matrix of 1 to {} rows",
                kVocabularyMax);
  return static_cast<std::size_t>(embedding->dims[1]);
}

base::Status read_rope(const gguf::File& file, Hyperparameters& out) {
  const auto key = [&](std::string_view name) { return metadata_key(out.architecture, name); };
  out.rope_dims = TRY(read_count_or(file, key("rope.dimension_count"), kHeadDimMax, out.head_dim));
  if (out.rope_dims > out.head_dim || out.rope_dims % 2 != 0)
    return fail(Code::kCorrupt, "metadata {} is {}, but must be even and at most the head's {}",
                key("rope.dimension_count"), out.rope_dims, out.head_dim);
  out.rope_base = TRY(read_positive(file, key("rope.freq_base"), 10'000.0));

  // Older files say rope.scale_linear; newer ones rope.scaling.type and rope.scaling.factor.
  std::string_view kind = "none";
  if (file.find(key("rope.scaling.type")) != nullptr)
    kind = TRY(file.get_string(key("rope.scaling.type")));
  else if (file.find(key("rope.scaling.factor")) != nullptr ||
           file.find(key("rope.scale_linear")) != nullptr)
    kind = "linear";
  if (kind == "linear") {
    const float older = TRY(read_positive(file, key("rope.scale_linear"), 1.0));
    out.rope_scale =
        1.0F / TRY(read_positive(file, key("rope.scaling.factor"), static_cast<double>(older)));
  } else if (kind == "yarn") {
    out.yarn_factor = TRY(read_positive(file, key("rope.scaling.factor"), 1.0));
    out.yarn_context_tokens =
        TRY(read_count(file, key("rope.scaling.original_context_length"), kContextTokensMax));
    if (out.yarn_factor < 1.0F || out.rope_base <= 1.0F)
      return fail(Code::kCorrupt, "metadata {} is {}, but must be at least 1, over a base above 1",
                  key("rope.scaling.factor"), out.yarn_factor);
    // Only then rotation's magnitude is that of all scores.
    if (out.rope_dims != out.head_dim)
      return fail(Code::kUnsupported, "rope scaling \"yarn\" of a part of a head is not supported");
  } else if (kind != "none") {
    return fail(Code::kUnsupported,
                "metadata {} is \"{}\"; known are \"none\", \"linear\" and \"yarn\"",
                key("rope.scaling.type"), kind);
  }
  return {};
}

base::Status read_experts(const gguf::File& file, Hyperparameters& out) {
  const auto key = [&](std::string_view name) { return metadata_key(out.architecture, name); };
  if (TRY(file.get_uint_or(key("expert_count"), 0)) == 0) return {};
  out.experts = TRY(read_count(file, key("expert_count"), kExpertsMax));
  out.experts_used = TRY(read_count(file, key("expert_used_count"), out.experts));
  out.expert_ffn = TRY(read_count_or(file, key("expert_feed_forward_length"), kWidthMax, out.ffn));
  return {};
}

}  // namespace

std::string metadata_key(std::string_view architecture, std::string_view name) {
  return fmt::format("{}.{}", architecture, name);
}

Result<Hyperparameters> read_hyperparameters(const gguf::File& file) {
  Hyperparameters out;
  out.architecture = TRY(file.get_string("general.architecture"));
  const auto key = [&](std::string_view name) { return metadata_key(out.architecture, name); };

  out.vocabulary = TRY(read_vocabulary(file));
  out.layers = TRY(read_count(file, key("block_count"), kLayersMax));
  out.embedding = TRY(read_count(file, key("embedding_length"), kWidthMax));
  out.ffn = TRY(read_count(file, key("feed_forward_length"), kWidthMax));
  out.context_tokens = TRY(read_count(file, key("context_length"), kContextTokensMax));
  out.heads = TRY(read_count(file, key("attention.head_count"), kHeadsMax));
  out.kv_heads = TRY(read_count_or(file, key("attention.head_count_kv"), kHeadsMax, out.heads));
  if (out.heads % out.kv_heads != 0)
    return fail(Code::kCorrupt, "metadata {} is {}, which does not divide the {} query heads",
                key("attention.head_count_kv"), out.kv_heads, out.heads);
  if (file.find(key("attention.key_length")) == nullptr && out.embedding % out.heads != 0)
    return fail(Code::kCorrupt,
                "metadata {} is {}, which does not divide the embedding width {}, and {} is absent",
                key("attention.head_count"), out.heads, out.embedding, key("attention.key_length"));
  out.head_dim =
      TRY(read_count_or(file, key("attention.key_length"), kHeadDimMax, out.embedding / out.heads));
  if (out.head_dim < 2 || out.head_dim > kHeadDimMax || out.head_dim % 2 != 0)
    return fail(Code::kCorrupt, "a head's width is {}, but must be even and between 2 and {}",
                out.head_dim, kHeadDimMax);
  const std::size_t value_dim =
      TRY(read_count_or(file, key("attention.value_length"), kHeadDimMax, out.head_dim));
  if (value_dim != out.head_dim)
    return fail(Code::kUnsupported, "keys of width {} with values of width {} are not supported",
                out.head_dim, value_dim);
  out.norm_epsilon = TRY(read_positive(file, key("attention.layer_norm_rms_epsilon"), 1e-5));
  TRY(read_experts(file, out));
  out.fused_gate = file.find_tensor("blk.0.ffn_gate.weight") == nullptr;
  TRY(read_rope(file, out));
  return out;
}

}  // namespace nearside::model
