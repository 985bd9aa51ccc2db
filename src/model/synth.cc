#include "model/synth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "kernels/format.h"
#include "model/decoder_tensors.h"
#include "model/hyperparameters.h"
#include "model/random.h"

namespace nearside::model {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

// A matrix is laid out from a pool of pieces that were drawn and quantised once: a real quantiser
// at memory speed, and no two rows alike. 2048 pieces of 256 columns are half a million different
// weights a matrix.
constexpr std::size_t kPiecesMax = 2048;
constexpr std::size_t kPieceColumns = 256;
constexpr std::size_t kPieceColumnsNarrow = 32;  // for columns that are no multiple of 256

/// Logits of the untrained model get about this standard deviation: uneven enough that every
/// mistake shows in a perplexity.
constexpr float kLogitDeviation = 2.0F;

struct Tensor {
  std::string name;
  std::size_t rows;
  std::size_t columns;
  float deviation;
};

/// FNV-1a: a tensor's weights depend on the seed and its name only, not on its place in the file.
std::uint64_t seed_of(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ seed;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

void fill_matrix(const Tensor& tensor, const kernels::Format& format, std::uint64_t seed,
                 std::span<std::byte> out) {
  Random random(seed_of(seed, tensor.name));
  const std::size_t piece = tensor.columns % kPieceColumns == 0         ? kPieceColumns
                            : tensor.columns % kPieceColumnsNarrow == 0 ? kPieceColumnsNarrow
                                                                        : tensor.columns;
  const std::size_t needed = tensor.rows * tensor.columns / piece;
  const std::size_t pieces = std::min(kPiecesMax, needed);
  const std::size_t piece_bytes = format.row_bytes(piece);
  std::vector<std::byte> pool(pieces * piece_bytes);
  std::vector<float> values(piece);
  for (std::size_t i = 0; i < pieces; ++i) {
    for (float& value : values) value = random.normal() * tensor.deviation;
    format.quantize_row(values.data(), piece, pool.data() + i * piece_bytes);
  }
  for (std::size_t i = 0; i < needed; ++i) {
    const std::size_t from = needed <= kPiecesMax ? i : random.below(pieces);
    std::memcpy(out.data() + i * piece_bytes, pool.data() + from * piece_bytes, piece_bytes);
  }
}

class Synthesis {
 public:
  Synthesis(const SynthOptions& options, const kernels::Format& format, gguf::Writer& out)
      : options_(options), format_(format), out_(out) {}

  void matrix(std::string name, std::size_t rows, std::size_t columns, float deviation) {
    const kernels::Format& format = format_for(columns);
    const Tensor tensor{name, rows, columns, deviation};
    out_.add_tensor(std::move(name), format.type, {columns, rows},
                    [tensor, &format, seed = options_.seed](std::span<std::byte> bytes) {
                      fill_matrix(tensor, format, seed, bytes);
                    });
  }
  /// `count` matrices in one tensor.
  void stack(std::string name, std::size_t count, std::size_t rows, std::size_t columns,
             float deviation) {
    const kernels::Format& format = format_for(columns);
    const Tensor tensor{name, count * rows, columns, deviation};
    out_.add_tensor(std::move(name), format.type, {columns, rows, count},
                    [tensor, &format, seed = options_.seed](std::span<std::byte> bytes) {
                      fill_matrix(tensor, format, seed, bytes);
                    });
  }
  /// A matrix that is F32 whatever the options say.
  void float_matrix(std::string name, std::size_t rows, std::size_t columns, float deviation) {
    const Tensor tensor{name, rows, columns, deviation};
    out_.add_tensor(std::move(name), gguf::TensorType::kF32, {columns, rows},
                    [tensor, seed = options_.seed](std::span<std::byte> bytes) {
                      fill_matrix(tensor, kernels::format(gguf::TensorType::kF32), seed, bytes);
                    });
  }
  void vector(std::string name, std::size_t size, float mean, float deviation) {
    const std::uint64_t seed = seed_of(options_.seed, name);
    floats(std::move(name), size, [seed, mean, deviation](std::span<float> values) {
      Random random(seed);
      for (float& value : values) value = mean + deviation * random.normal();
    });
  }
  template <typename Make>
  void floats(std::string name, std::size_t size, Make make) {
    out_.add_tensor(std::move(name), gguf::TensorType::kF32, {size},
                    [size, make](std::span<std::byte> bytes) {
                      std::vector<float> values(size);
                      make(std::span<float>(values));
                      std::memcpy(bytes.data(), values.data(), bytes.size());
                    });
  }

 private:
  [[nodiscard]] const kernels::Format& format_for(std::size_t columns) const {
    const kernels::Format* format = &format_;
    if (columns % format->block_elements != 0) format = &kernels::format(gguf::TensorType::kQ8_0);
    if (columns % format->block_elements != 0) format = &kernels::format(gguf::TensorType::kF32);
    return *format;
  }

  const SynthOptions& options_;
  const kernels::Format& format_;
  gguf::Writer& out_;
};

/// What Llama 3.1 and later divide rotation frequencies by: long waves by 32 (3.2; 8 in 3.1), short
/// ones by 1, in between a blend. Source: rope_scaling of meta-llama/Llama-3.2-1B's config.json.
void llama3_factors(const SynthShape& shape, std::span<float> out) {
  constexpr double kFactor = 32.0;
  constexpr double kLow = 1.0;
  constexpr double kHigh = 4.0;
  constexpr double kOriginalContext = 8192.0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double wave = 2.0 * std::numbers::pi *
                        std::pow(static_cast<double>(shape.rope_base),
                                 static_cast<double>(i) / static_cast<double>(out.size()));
    double factor = 1.0;
    if (wave > kOriginalContext / kLow) {
      factor = kFactor;
    } else if (wave > kOriginalContext / kHigh) {
      const double smooth = (kOriginalContext / wave - kLow) / (kHigh - kLow);
      factor = 1.0 / ((1.0 - smooth) / kFactor + smooth);
    }
    out[i] = static_cast<float>(factor);
  }
}

void add_metadata(const SynthShape& shape, std::size_t vocabulary, gguf::Writer& out) {
  const auto count = [&](std::string_view name, std::size_t value) {
    out.add(metadata_key(shape.architecture, name), static_cast<std::uint32_t>(value));
  };
  out.add("general.architecture", std::string(shape.architecture));
  out.add("general.name", fmt::format("{}-random", shape.name));
  count("block_count", shape.layers);
  count("context_length", shape.context_tokens);
  count("embedding_length", shape.embedding);
  count("feed_forward_length", shape.ffn);
  count("attention.head_count", shape.heads);
  count("attention.head_count_kv", shape.kv_heads);
  count("attention.key_length", shape.head_dim);
  count("attention.value_length", shape.head_dim);
  count("rope.dimension_count", shape.head_dim);
  count("vocab_size", vocabulary);
  if (shape.window_tokens != 0) count("attention.sliding_window", shape.window_tokens);
  if (shape.encoder) {
    constexpr std::uint32_t kMeanPooling = 1;
    out.add(metadata_key(shape.architecture, "attention.layer_norm_epsilon"), shape.norm_epsilon);
    out.add(metadata_key(shape.architecture, "attention.causal"), false);
    out.add(metadata_key(shape.architecture, "pooling_type"), kMeanPooling);
    return;
  }
  if (shape.experts != 0) {
    count("expert_count", shape.experts);
    count("expert_used_count", shape.experts_used);
    count("expert_feed_forward_length", shape.expert_ffn);
  }
  out.add(metadata_key(shape.architecture, "attention.layer_norm_rms_epsilon"), shape.norm_epsilon);
  out.add(metadata_key(shape.architecture, "rope.freq_base"), shape.rope_base);
  const auto scale = [&](std::string_view name, float value) {
    if (value != 0.0F) out.add(metadata_key(shape.architecture, name), value);
  };
  scale("embedding_scale", shape.embedding_scale);
  scale("residual_scale", shape.residual_scale);
  scale("attention.scale", shape.attention_scale);
  scale("logit_scale", shape.logit_divisor);
  scale("attn_logit_softcapping", shape.attention_cap);
  scale("final_logit_softcapping", shape.logit_cap);
  if (shape.yarn_factor != 0.0F) {
    out.add(metadata_key(shape.architecture, "rope.scaling.type"), std::string("yarn"));
    out.add(metadata_key(shape.architecture, "rope.scaling.factor"), shape.yarn_factor);
    count("rope.scaling.original_context_length", shape.yarn_context_tokens);
  }
  if (shape.fused)  // phi3 wants it
    count("rope.scaling.original_context_length", shape.context_tokens);
}

/// Copies the tokenizer and pads its arrays with unused tokens. Returns the tokens then.
Result<std::size_t> add_vocabulary(const SynthShape& shape, const gguf::File& from,
                                   gguf::Writer& out) {
  constexpr std::int32_t kUnused = 5;  // token type; Source: GGUF specification
  std::vector<std::string> tokens;
  for (const std::string_view token : TRY(from.get_strings("tokenizer.ggml.tokens")))
    tokens.emplace_back(token);
  if (tokens.empty())
    return fail(Code::kCorrupt, "the vocabulary file's tokenizer.ggml.tokens is empty");
  out.copy_metadata(from, "tokenizer.");
  const std::size_t had = tokens.size();
  if (had >= shape.vocabulary) return had;
  for (std::size_t i = had; i < shape.vocabulary; ++i) tokens.push_back(fmt::format("[PAD{}]", i));
  out.add("tokenizer.ggml.tokens", std::move(tokens));
  if (from.find("tokenizer.ggml.token_type") != nullptr) {
    std::vector<std::int32_t> types = TRY(from.get_ints("tokenizer.ggml.token_type"));
    types.resize(shape.vocabulary, kUnused);
    out.add("tokenizer.ggml.token_type", std::move(types));
  }
  if (from.find("tokenizer.ggml.scores") != nullptr) {
    std::vector<float> scores = TRY(from.get_floats("tokenizer.ggml.scores"));
    scores.resize(shape.vocabulary, -1e9F);
    out.add("tokenizer.ggml.scores", std::move(scores));
  }
  return shape.vocabulary;
}

void add_experts(const SynthShape& shape, std::size_t i, Synthesis& synthesis) {
  const auto stack = [&](std::string_view tensor, std::size_t rows, std::size_t columns) {
    synthesis.stack(layer_tensor(i, tensor), shape.experts, rows, columns,
                    1.0F / std::sqrt(static_cast<float>(columns)));
  };
  // Routers stay in F32 in real files too: which experts are chosen should not hang on rounding.
  synthesis.float_matrix(layer_tensor(i, "ffn_gate_inp.weight"), shape.experts, shape.embedding,
                         1.0F / std::sqrt(static_cast<float>(shape.embedding)));
  stack("ffn_gate_exps.weight", shape.expert_ffn, shape.embedding);
  stack("ffn_up_exps.weight", shape.expert_ffn, shape.embedding);
  stack("ffn_down_exps.weight", shape.embedding, shape.expert_ffn);
  if (!shape.expert_biases) return;
  const auto biases = [&](std::string_view tensor, std::size_t size) {
    synthesis.float_matrix(layer_tensor(i, tensor), shape.experts, size, 0.3F);
  };
  synthesis.vector(layer_tensor(i, "ffn_gate_inp.bias"), shape.experts, 0.0F, 0.3F);
  biases("ffn_gate_exps.bias", shape.expert_ffn);
  biases("ffn_up_exps.bias", shape.expert_ffn);
  biases("ffn_down_exps.bias", shape.embedding);
}

void add_encoder_layer(const SynthShape& shape, std::size_t i, Synthesis& synthesis) {
  const auto linear = [&](std::string_view tensor, std::size_t rows, std::size_t columns) {
    const std::string name = layer_tensor(i, tensor);
    synthesis.matrix(name + ".weight", rows, columns,
                     1.0F / std::sqrt(static_cast<float>(columns)));
    synthesis.vector(name + ".bias", rows, 0.0F, 0.2F);
  };
  const auto norm = [&](std::string_view tensor) {
    synthesis.vector(layer_tensor(i, tensor) + ".weight", shape.embedding, 1.0F, 0.1F);
    synthesis.vector(layer_tensor(i, tensor) + ".bias", shape.embedding, 0.0F, 0.1F);
  };
  const std::size_t query_width = shape.heads * shape.head_dim;
  for (const char* name : {"attn_q", "attn_k", "attn_v"})
    linear(name, query_width, shape.embedding);
  linear("attn_output", shape.embedding, query_width);
  norm("attn_output_norm");
  linear("ffn_up", shape.ffn, shape.embedding);
  linear("ffn_down", shape.embedding, shape.ffn);
  norm("layer_output_norm");
}

/// What stands before an encoder's blocks, besides the embedding of tokens.
void add_encoder_input(const SynthShape& shape, Synthesis& synthesis) {
  constexpr std::size_t kSentenceTypes = 2;
  const float deviation = kLogitDeviation / std::sqrt(static_cast<float>(shape.embedding));
  synthesis.float_matrix("position_embd.weight", shape.context_tokens, shape.embedding, deviation);
  synthesis.float_matrix("token_types.weight", kSentenceTypes, shape.embedding, deviation);
  synthesis.vector("token_embd_norm.weight", shape.embedding, 1.0F, 0.1F);
  synthesis.vector("token_embd_norm.bias", shape.embedding, 0.0F, 0.1F);
}

void add_layer(const SynthShape& shape, std::size_t i, Synthesis& synthesis) {
  const auto name = [&](std::string_view tensor) { return layer_tensor(i, tensor); };
  const std::size_t query_width = shape.heads * shape.head_dim;
  const std::size_t kv_width = shape.kv_heads * shape.head_dim;
  // Products of unit-variance inputs keep unit variance.
  const auto matrix = [&](std::string_view tensor, std::size_t rows, std::size_t columns) {
    synthesis.matrix(name(tensor), rows, columns, 1.0F / std::sqrt(static_cast<float>(columns)));
  };
  const auto norm = [&](std::string_view tensor, std::size_t size) {
    synthesis.vector(name(tensor), size, 1.0F, 0.1F);
  };
  norm("attn_norm.weight", shape.embedding);
  if (shape.fused) {
    matrix("attn_qkv.weight", query_width + 2 * kv_width, shape.embedding);
  } else {
    matrix("attn_q.weight", query_width, shape.embedding);
    matrix("attn_k.weight", kv_width, shape.embedding);
    matrix("attn_v.weight", kv_width, shape.embedding);
  }
  matrix("attn_output.weight", shape.embedding, query_width);
  if (shape.attention_biases) {
    synthesis.vector(name("attn_q.bias"), query_width, 0.0F, 0.5F);
    synthesis.vector(name("attn_k.bias"), kv_width, 0.0F, 0.5F);
    synthesis.vector(name("attn_v.bias"), kv_width, 0.0F, 0.2F);
  }
  if (shape.expert_biases) {
    synthesis.vector(name("attn_output.bias"), shape.embedding, 0.0F, 0.2F);
    synthesis.vector(name("attn_sinks.weight"), shape.heads, 2.0F, 1.0F);
  }
  if (shape.head_norms) {
    norm("attn_q_norm.weight", shape.head_dim);
    norm("attn_k_norm.weight", shape.head_dim);
  }
  if (shape.post_norms) {
    // Large, as trained ones are: gemma scales embeddings up, and blocks must not drown in them.
    synthesis.vector(name("post_attention_norm.weight"), shape.embedding, 8.0F, 0.8F);
    synthesis.vector(name("post_ffw_norm.weight"), shape.embedding, 8.0F, 0.8F);
  }
  norm(shape.expert_biases ? "post_attention_norm.weight" : "ffn_norm.weight", shape.embedding);
  if (shape.experts != 0) {
    add_experts(shape, i, synthesis);
    return;
  }
  if (!shape.fused) matrix("ffn_gate.weight", shape.ffn, shape.embedding);
  matrix("ffn_up.weight", shape.fused ? 2 * shape.ffn : shape.ffn, shape.embedding);
  matrix("ffn_down.weight", shape.embedding, shape.ffn);
}

}  // namespace

Status synthesize(const SynthShape& shape, const SynthOptions& options,
                  const gguf::File& vocabulary, gguf::Writer& out) {
  const kernels::Format* format = kernels::find_format(options.type);
  if (format == nullptr)
    return fail(Code::kUnsupported, "weights of type {} cannot be written",
                gguf::tensor_type_info(options.type).name);
  const std::size_t tokens = TRY(add_vocabulary(shape, vocabulary, out));
  add_metadata(shape, tokens, out);

  Synthesis synthesis(options, *format, out);
  // Normalised states have length sqrt(embedding).
  synthesis.matrix("token_embd.weight", tokens, shape.embedding,
                   kLogitDeviation / std::sqrt(static_cast<float>(shape.embedding)));
  if (shape.encoder) {
    add_encoder_input(shape, synthesis);
    for (std::size_t i = 0; i < shape.layers; ++i) add_encoder_layer(shape, i, synthesis);
    return {};
  }
  if (shape.untied)
    synthesis.matrix("output.weight", tokens, shape.embedding,
                     kLogitDeviation / std::sqrt(static_cast<float>(shape.embedding)));
  synthesis.vector("output_norm.weight", shape.embedding, 1.0F, 0.1F);
  if (shape.rope_factors)
    synthesis.floats("rope_freqs.weight", shape.head_dim / 2,
                     [shape](std::span<float> values) { llama3_factors(shape, values); });
  for (std::size_t i = 0; i < shape.layers; ++i) add_layer(shape, i, synthesis);
  return {};
}

}  // namespace nearside::model
