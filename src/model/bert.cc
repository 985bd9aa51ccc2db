// BERT: an encoder whose tokens see the whole text, behind them and before them; it makes vectors
// of texts. Source: Devlin et al., https://arxiv.org/abs/1810.04805, section 3, over
// https://arxiv.org/abs/1706.03762, section 3.1: norms stand behind the residual sums. The
// activation is GELU in its tanh form, as in llama.cpp; the original's differs by less than 0.0005.
#include <cmath>
#include <utility>
#include <vector>

#include "base/check.h"
#include "kernels/table.h"
#include "kernels/weights.h"
#include "model/architectures.h"
#include "model/attention.h"
#include "model/decoder_tensors.h"
#include "model/parallel.h"
#include "model/workspace.h"

namespace nearside::model {

using base::Code;
using base::fail;
using base::Result;

namespace {

/// Mean and variance are taken out, then weight and bias applied.
struct LayerNorm {
  std::vector<float> weight;
  std::vector<float> bias;
};

/// A matrix with a bias.
struct Linear {
  kernels::Weights weight;
  std::vector<float> bias;
};

struct BertLayer {
  Linear query;
  Linear key;
  Linear value;
  Linear attention_output;
  LayerNorm attention_norm;  // behind the sum
  Linear ffn_up;             // [ffn, embedding]
  Linear ffn_down;           // [embedding, ffn]
  LayerNorm output_norm;     // behind the sum
};

struct BertWeights {
  kernels::Weights embedding;        // [vocabulary, embedding]
  kernels::Weights positions;        // [context_tokens, embedding]
  std::vector<float> sentence_type;  // [embedding]: of the first sentence, the only one here
  LayerNorm embedding_norm;
  std::vector<BertLayer> layers;
  std::size_t bytes = 0;
  std::size_t idle_bytes = 0;  // embeddings, which are looked up in
  std::size_t parameters = 0;
};

class Bert final : public Model {
 public:
  Bert(Hyperparameters shape, BertWeights weights)
      : shape_(std::move(shape)), weights_(std::move(weights)) {
    ones_.assign(shape_.ffn, 1.0F);
  }

  [[nodiscard]] const Hyperparameters& hyperparameters() const override { return shape_; }
  [[nodiscard]] std::size_t weight_bytes() const override { return weights_.bytes; }
  [[nodiscard]] std::size_t parameters() const override { return weights_.parameters; }
  [[nodiscard]] std::size_t pass_bytes() const override {
    return weights_.bytes - weights_.idle_bytes;
  }
  [[nodiscard]] bool generates() const override { return false; }

  void forward(const Batch&, KvCache&, std::span<float>, kernels::Context&) override {
    CHECK(false);  // generates() is false
  }

  void states(const Batch& batch, KvCache& cache, std::span<float> states,
              kernels::Context& context) override {
    if (batch.empty()) return;
    CHECK(states.size() == logits_rows(batch) * shape_.embedding);
    work_.grow(shape_, batch.size(), 0);
    embed(batch, context);
    for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
      attention_block(i, batch, cache, context);
      ffn_block(weights_.layers[i], batch.size(), context);
    }
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!batch[i].wants_logits) continue;
      const float* const state = work_.state.data() + i * shape_.embedding;
      std::copy(state, state + shape_.embedding, &states[wanted * shape_.embedding]);
      ++wanted;
    }
  }

 private:
  void embed(const Batch& batch, kernels::Context& context) {
    const std::size_t width = shape_.embedding;
    for_each_index(context.pool, batch.size(), [&](std::size_t i, std::size_t) {
      const Row& row = batch[i];
      CHECK(row.token >= 0 && static_cast<std::size_t>(row.token) < shape_.vocabulary);
      CHECK(row.position < shape_.context_tokens);
      float* const state = work_.state.data() + i * width;
      float* const position = work_.projected.data() + i * width;
      kernels::dequantize_row(weights_.embedding.view(), static_cast<std::size_t>(row.token),
                              state);
      kernels::dequantize_row(weights_.positions.view(), row.position, position);
      context.table.add(state, position, width, state);
      context.table.add(state, weights_.sentence_type.data(), width, state);
    });
    norm(weights_.embedding_norm, batch.size(), context);
  }

  /// work_.state = norm(work_.state).
  void norm(const LayerNorm& norm, std::size_t rows, kernels::Context& context) {
    const std::size_t width = shape_.embedding;
    for_each_index(context.pool, rows, [&](std::size_t i, std::size_t) {
      float* const state = work_.state.data() + i * width;
      context.table.layer_norm(state, norm.weight.data(), norm.bias.data(), width,
                               shape_.norm_epsilon, state);
    });
  }

  static void add_bias(const std::vector<float>& bias, std::size_t rows, float* y,
                       kernels::Context& context) {
    for_each_index(context.pool, rows, [&](std::size_t i, std::size_t) {
      context.table.add(y + i * bias.size(), bias.data(), bias.size(), y + i * bias.size());
    });
  }

  /// work_.state = norm(work_.state + work_.projected + bias).
  void add_and_norm(const std::vector<float>& bias, const LayerNorm& after, std::size_t rows,
                    kernels::Context& context) {
    add_bias(bias, rows, work_.projected.data(), context);
    context.table.add(work_.state.data(), work_.projected.data(), rows * shape_.embedding,
                      work_.state.data());
    norm(after, rows, context);
  }

  void attention_block(std::size_t layer_index, const Batch& batch, KvCache& cache,
                       kernels::Context& context) {
    const BertLayer& layer = weights_.layers[layer_index];
    const std::size_t rows = batch.size();
    const std::size_t head_dim = shape_.head_dim;
    const kernels::Target inputs[] = {{&layer.query.weight, work_.query.data()},
                                      {&layer.key.weight, work_.key.data()},
                                      {&layer.value.weight, work_.value.data()}};
    kernels::matmul(inputs, work_.state.data(), rows, context);
    add_bias(layer.query.bias, rows, work_.query.data(), context);
    add_bias(layer.key.bias, rows, work_.key.data(), context);
    add_bias(layer.value.bias, rows, work_.value.data(), context);
    for_each_index(context.pool, rows, [&](std::size_t i, std::size_t) {
      for (std::size_t head = 0; head < shape_.kv_heads; ++head) {
        const std::size_t at = i * shape_.kv_width() + head * head_dim;
        cache.store(layer_index, batch[i].sequence, batch[i].position, head,
                    {.key = work_.key.data() + at, .value = work_.value.data() + at},
                    context.table);
      }
    });
    const AttentionSettings settings{.layer = layer_index,
                                     .heads = shape_.heads,
                                     .scale = 1.0F / std::sqrt(static_cast<float>(head_dim)),
                                     .causal = false};
    attend(settings, batch, cache, work_.query.data(), work_.attended.data(), work_.attention,
           context);
    kernels::matmul(layer.attention_output.weight, work_.attended.data(), rows,
                    work_.projected.data(), context);
    add_and_norm(layer.attention_output.bias, layer.attention_norm, rows, context);
  }

  void ffn_block(const BertLayer& layer, std::size_t rows, kernels::Context& context) {
    kernels::matmul(layer.ffn_up.weight, work_.state.data(), rows, work_.gate.data(), context);
    for_each_index(context.pool, rows, [&](std::size_t i, std::size_t) {
      float* const inner = work_.gate.data() + i * shape_.ffn;
      context.table.add(inner, layer.ffn_up.bias.data(), shape_.ffn, inner);
      context.table.gelu_mul(inner, ones_.data(), shape_.ffn, inner);
    });
    kernels::matmul(layer.ffn_down.weight, work_.gate.data(), rows, work_.projected.data(),
                    context);
    add_and_norm(layer.ffn_down.bias, layer.output_norm, rows, context);
  }

  Hyperparameters shape_;
  BertWeights weights_;
  std::vector<float> ones_;  // there is no second factor of the activation
  Workspace work_;
};

/// Reads tensors that come as NAME.weight and NAME.bias.
class BertReader {
 public:
  explicit BertReader(TensorReader& tensors) : tensors_(tensors) {}

  Result<Linear> linear(const std::string& name, std::size_t rows, std::size_t columns) {
    Linear out;
    out.weight = TRY(tensors_.matrix(name + ".weight", rows, columns));
    out.bias = TRY(bias_or_zeros(name + ".bias", rows));
    return out;
  }
  Result<LayerNorm> norm(const std::string& name, std::size_t size) {
    LayerNorm out;
    out.weight = TRY(tensors_.vector(name + ".weight", size));
    out.bias = TRY(bias_or_zeros(name + ".bias", size));
    return out;
  }

  Result<BertLayer> layer(const Hyperparameters& shape, std::size_t i) {
    const auto name = [&](std::string_view tensor) { return layer_tensor(i, tensor); };
    const std::size_t width = shape.embedding;
    BertLayer out;
    out.query = TRY(linear(name("attn_q"), shape.query_width(), width));
    out.key = TRY(linear(name("attn_k"), shape.kv_width(), width));
    out.value = TRY(linear(name("attn_v"), shape.kv_width(), width));
    out.attention_output = TRY(linear(name("attn_output"), width, shape.query_width()));
    out.attention_norm = TRY(norm(name("attn_output_norm"), width));
    out.ffn_up = TRY(linear(name("ffn_up"), shape.ffn, width));
    out.ffn_down = TRY(linear(name("ffn_down"), width, shape.ffn));
    out.output_norm = TRY(norm(name("layer_output_norm"), width));
    return out;
  }

 private:
  Result<std::vector<float>> bias_or_zeros(const std::string& name, std::size_t size) {
    std::vector<float> bias = TRY(tensors_.vector_or_empty(name, size));
    if (bias.empty()) bias.assign(size, 0.0F);
    return bias;
  }

  TensorReader& tensors_;
};

/// The row for first sentences of token_types.weight [types, embedding].
Result<std::vector<float>> read_sentence_type(const gguf::File& file, const Hyperparameters& shape,
                                              TensorReader& tensors) {
  constexpr const char* kName = "token_types.weight";
  const gguf::Tensor* const tensor = file.find_tensor(kName);
  if (tensor == nullptr) return std::vector<float>(shape.embedding, 0.0F);
  const kernels::Weights types = TRY(tensors.rows(kName, tensor->rows(), shape.embedding));
  TRY(tensors.need(types));
  std::vector<float> out(shape.embedding);
  kernels::dequantize_row(types.view(), 0, out.data());
  return out;
}

}  // namespace

Result<std::unique_ptr<Model>> build_bert(const gguf::File& file, const Hyperparameters& read,
                                          TensorReader& tensors) {
  Hyperparameters shape = read;
  const auto key = [&](std::string_view name) { return metadata_key(shape.architecture, name); };
  if (TRY(file.get_bool_or(key("attention.causal"), false)))
    return fail(Code::kUnsupported, "metadata {} is true: bert looks both ways",
                key("attention.causal"));
  const double epsilon = TRY(file.get_float_or(key("attention.layer_norm_epsilon"), 1e-12));
  if (!std::isfinite(epsilon) || epsilon <= 0.0 || epsilon > 1.0)
    return fail(Code::kCorrupt, "metadata {} is {}, but must lie between 0 and 1",
                key("attention.layer_norm_epsilon"), epsilon);
  shape.norm_epsilon = static_cast<float>(epsilon);

  BertWeights weights;
  BertReader reader(tensors);
  weights.embedding = TRY(tensors.rows("token_embd.weight", shape.vocabulary, shape.embedding));
  weights.positions =
      TRY(tensors.rows("position_embd.weight", shape.context_tokens, shape.embedding));
  weights.sentence_type = TRY(read_sentence_type(file, shape, tensors));
  weights.idle_bytes = tensors.bytes();
  weights.embedding_norm = TRY(reader.norm("token_embd_norm", shape.embedding));
  for (std::size_t i = 0; i < shape.layers; ++i)
    weights.layers.push_back(TRY(reader.layer(shape, i)));
  weights.bytes = tensors.bytes();
  weights.parameters = tensors.parameters();
  return std::unique_ptr<Model>(std::make_unique<Bert>(shape, std::move(weights)));
}

}  // namespace nearside::model
