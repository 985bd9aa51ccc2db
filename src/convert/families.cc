#include "convert/families.h"

#include <array>
#include <cmath>
#include <numbers>

#include "convert/checkpoint.h"

namespace nearside::convert {

namespace json = base::json;
using base::Code;
using base::fail;
using base::Result;

namespace {

// One line a family.
constexpr std::array kFamilies = {
    Family{.model_type = "llama", .architecture = "llama", .interleaves_heads = true},
    Family{.model_type = "mistral", .architecture = "llama", .interleaves_heads = true},
    Family{.model_type = "qwen2", .architecture = "qwen2"},
    Family{.model_type = "qwen3", .architecture = "qwen3"},
    Family{.model_type = "gemma3_text",
           .architecture = "gemma3",
           .sandwich_norms = true,
           .norms_plus_one = true},
};

// Bounds of the reader of model files.
constexpr std::uint64_t kLayersMax = 1024;
constexpr std::uint64_t kWidthMax = std::uint64_t{1} << 20;
constexpr std::uint64_t kHeadsMax = 4096;
constexpr std::uint64_t kHeadDimMax = 1024;
constexpr std::uint64_t kVocabularyMax = std::uint64_t{1} << 24;
constexpr std::uint64_t kContextTokensMax = std::uint64_t{1} << 27;

struct Rename {
  std::string_view from;
  std::string_view to;
};
constexpr std::array kLayerTensors = {
    Rename{"input_layernorm.weight", "attn_norm.weight"},
    Rename{"self_attn.q_proj.weight", "attn_q.weight"},
    Rename{"self_attn.q_proj.bias", "attn_q.bias"},
    Rename{"self_attn.k_proj.weight", "attn_k.weight"},
    Rename{"self_attn.k_proj.bias", "attn_k.bias"},
    Rename{"self_attn.v_proj.weight", "attn_v.weight"},
    Rename{"self_attn.v_proj.bias", "attn_v.bias"},
    Rename{"self_attn.o_proj.weight", "attn_output.weight"},
    Rename{"self_attn.o_proj.bias", "attn_output.bias"},
    Rename{"self_attn.q_norm.weight", "attn_q_norm.weight"},
    Rename{"self_attn.k_norm.weight", "attn_k_norm.weight"},
    Rename{"mlp.gate_proj.weight", "ffn_gate.weight"},
    Rename{"mlp.up_proj.weight", "ffn_up.weight"},
    Rename{"mlp.down_proj.weight", "ffn_down.weight"},
};
constexpr std::array kPlainNorms = {
    Rename{"post_attention_layernorm.weight", "ffn_norm.weight"},
};
constexpr std::array kSandwichNorms = {
    Rename{"post_attention_layernorm.weight", "post_attention_norm.weight"},
    Rename{"pre_feedforward_layernorm.weight", "ffn_norm.weight"},
    Rename{"post_feedforward_layernorm.weight", "post_ffw_norm.weight"},
};

template <typename List>
std::string_view renamed(const List& list, std::string_view name) {
  for (const Rename& rename : list)
    if (rename.from == name) return rename.to;
  return {};
}

/// rope_scaling of config.json, or null.
const json::object* rope_scaling(const json::object& config) {
  const json::value* const scaling = config.if_contains("rope_scaling");
  return scaling == nullptr ? nullptr : scaling->if_object();
}
std::string_view rope_type(const json::object& scaling) {
  for (const char* key : {"rope_type", "type"})
    if (const json::value* type = scaling.if_contains(key); type && type->is_string())
      return type->get_string();
  return {};
}

}  // namespace

const Family* find_family(std::string_view model_type) {
  for (const Family& family : kFamilies)
    if (family.model_type == model_type) return &family;
  return nullptr;
}

std::string family_names() {
  std::string names;
  for (const Family& family : kFamilies)
    names.append(names.empty() ? "" : ", ").append(family.model_type);
  return names;
}

Result<Shape> read_shape(const Family& family, const json::object& config) {
  Shape shape;
  shape.layers = TRY(config_count(config, "num_hidden_layers", kLayersMax));
  shape.embedding = TRY(config_count(config, "hidden_size", kWidthMax));
  shape.ffn = TRY(config_count(config, "intermediate_size", kWidthMax));
  shape.heads = TRY(config_count(config, "num_attention_heads", kHeadsMax));
  shape.kv_heads = shape.heads;
  if (config.contains("num_key_value_heads"))
    shape.kv_heads = TRY(config_count(config, "num_key_value_heads", kHeadsMax));
  const json::value* const head_dim = config.if_contains("head_dim");
  shape.head_dim = head_dim == nullptr || head_dim->is_null()
                       ? shape.embedding / shape.heads
                       : TRY(config_count(config, "head_dim", kHeadDimMax));
  shape.vocabulary = TRY(config_count(config, "vocab_size", kVocabularyMax));
  shape.context_tokens = TRY(config_count(config, "max_position_embeddings", kContextTokensMax));
  if (shape.heads % shape.kv_heads != 0 || shape.head_dim % 2 != 0)
    return fail(Code::kCorrupt,
                "config.json: {} query heads, {} key heads and a head's width of {} do not fit",
                shape.heads, shape.kv_heads, shape.head_dim);
  const json::value* const tied = config.if_contains("tie_word_embeddings");
  // Gemma's output is the embedding unless config.json says otherwise.
  shape.tied = tied != nullptr && tied->is_bool() ? tied->get_bool() : family.sandwich_norms;
  return shape;
}

Result<std::optional<TensorRole>> tensor_role(const Family& family, const Shape& shape,
                                              std::string_view name) {
  const std::string_view given = name;
  if (name.starts_with("language_model.")) name.remove_prefix(15);
  TensorRole role;
  if (name == "lm_head.weight") {
    if (shape.tied) return std::optional<TensorRole>();
    role.name = "output.weight";
    return std::optional(role);
  }
  if (name.starts_with("model.")) name.remove_prefix(6);
  if (name.ends_with("rotary_emb.inv_freq")) return std::optional<TensorRole>();
  const bool is_norm = name.ends_with("norm.weight");
  if (is_norm && family.norms_plus_one) role.plus = 1.0F;
  if (name == "embed_tokens.weight") {
    role.name = "token_embd.weight";
  } else if (name == "norm.weight") {
    role.name = "output_norm.weight";
  } else if (name.starts_with("layers.")) {
    const std::size_t point = name.find('.', 7);
    const std::string number(name.substr(7, point == std::string_view::npos ? 0 : point - 7));
    const std::string_view rest = point == std::string_view::npos ? "" : name.substr(point + 1);
    const bool digits = !number.empty() &&
                        number.find_first_not_of("0123456789") == std::string::npos &&
                        number.size() < 6;
    std::string_view to = renamed(kLayerTensors, rest);
    if (to.empty())
      to = family.sandwich_norms ? renamed(kSandwichNorms, rest) : renamed(kPlainNorms, rest);
    if (digits && !to.empty() && std::stoull(number) < shape.layers)
      role.name = "blk." + number + "." + std::string(to);
    if (family.interleaves_heads && rest.starts_with("self_attn.q_proj."))
      role.interleaved = shape.heads;
    if (family.interleaves_heads && rest.starts_with("self_attn.k_proj."))
      role.interleaved = shape.kv_heads;
  }
  if (role.name.empty())
    return fail(Code::kUnsupported, "tensor {} is not one of a {} model", given, family.model_type);
  return std::optional(role);
}

base::Status write_shape(const Family& family, const Shape& shape, const json::object& config,
                         gguf::Writer& writer) {
  const auto key = [&](std::string_view name) {
    return std::string(family.architecture) + "." + std::string(name);
  };
  const auto count = [&](std::string_view name, std::uint64_t value) {
    writer.add(key(name), static_cast<std::uint32_t>(value));
  };
  count("block_count", shape.layers);
  count("context_length", shape.context_tokens);
  count("embedding_length", shape.embedding);
  count("feed_forward_length", shape.ffn);
  count("attention.head_count", shape.heads);
  count("attention.head_count_kv", shape.kv_heads);
  count("attention.key_length", shape.head_dim);
  count("attention.value_length", shape.head_dim);
  count("rope.dimension_count", shape.head_dim);
  count("vocab_size", shape.vocabulary);
  writer.add(key("attention.layer_norm_rms_epsilon"),
             static_cast<float>(TRY(config_number(config, "rms_norm_eps", 1e-6))));
  const double base_default = family.sandwich_norms ? 1'000'000.0 : 10'000.0;
  writer.add(key("rope.freq_base"),
             static_cast<float>(TRY(config_number(config, "rope_theta", base_default))));
  if (family.sandwich_norms)
    count("attention.sliding_window",
          TRY(config_count(config, "sliding_window", kContextTokensMax)));
  const json::object* const scaling = rope_scaling(config);
  if (scaling == nullptr) return {};
  const std::string_view type = rope_type(*scaling);
  if (type == "llama3" || type == "default") return {};  // llama3: a tensor of its own
  if (type != "linear")
    return fail(Code::kUnsupported, "config.json: rope_scaling of type \"{}\" is not supported",
                type);
  writer.add(key("rope.scaling.type"), std::string("linear"));
  writer.add(key("rope.scaling.factor"),
             static_cast<float>(TRY(config_number(*scaling, "factor", 1.0))));
  return {};
}

Result<std::vector<float>> rope_factors(const Shape& shape, const json::object& config) {
  const json::object* const scaling = rope_scaling(config);
  if (scaling == nullptr || rope_type(*scaling) != "llama3") return std::vector<float>();
  // Source: "The Llama 3 Herd of Models" and its published code: wavelengths beyond the context the
  // model was trained for first are stretched, short ones stay, between them it blends.
  const double factor = TRY(config_number(*scaling, "factor", 8.0));
  const double low = TRY(config_number(*scaling, "low_freq_factor", 1.0));
  const double high = TRY(config_number(*scaling, "high_freq_factor", 4.0));
  const double context = TRY(config_number(*scaling, "original_max_position_embeddings", 8192.0));
  const double base = TRY(config_number(config, "rope_theta", 10'000.0));
  if (!(factor > 0) || !(high > low) || !(context > 0) || !(base > 0))
    return fail(Code::kCorrupt, "config.json: rope_scaling has values that cannot be");
  std::vector<float> factors;
  for (std::uint64_t i = 0; i < shape.head_dim; i += 2) {
    const double frequency =
        1.0 / std::pow(base, static_cast<double>(i) / static_cast<double>(shape.head_dim));
    const double wavelength = 2 * std::numbers::pi / frequency;
    double scale = 1.0;
    if (wavelength > context / low) {
      scale = factor;
    } else if (wavelength >= context / high) {
      const double blend = (context / wavelength - low) / (high - low);
      scale = 1.0 / ((1 - blend) / factor + blend);
    }
    factors.push_back(static_cast<float>(scale));
  }
  return factors;
}

}  // namespace nearside::convert
