// Model to checkpoint and back: the checkpoint is written here, with the names and the layout of
// the libraries that train such models, and the imported model has to score as the first one does.
#include "convert/import.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/json.h"
#include "gguf/file.h"
#include "kernels/tables.h"
#include "model/model.h"
#include "model/tiny_model.h"
#include "text/tokenizer.h"

namespace nearside::convert {
namespace {

namespace json = base::json;

class Import : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("nearside_import_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// The names that Hugging Face's transformers gives.
  static std::string hub_name(std::string name, bool gemma) {
    if (name == "token_embd.weight") return "model.embed_tokens.weight";
    if (name == "output_norm.weight") return "model.norm.weight";
    const std::map<std::string, std::string> parts = {
        {"attn_norm", "input_layernorm"},
        {"attn_q", "self_attn.q_proj"},
        {"attn_k", "self_attn.k_proj"},
        {"attn_v", "self_attn.v_proj"},
        {"attn_output", "self_attn.o_proj"},
        {"attn_q_norm", "self_attn.q_norm"},
        {"attn_k_norm", "self_attn.k_norm"},
        {"ffn_gate", "mlp.gate_proj"},
        {"ffn_up", "mlp.up_proj"},
        {"ffn_down", "mlp.down_proj"},
        {"ffn_norm", gemma ? "pre_feedforward_layernorm" : "post_attention_layernorm"},
        {"post_attention_norm", "post_attention_layernorm"},
        {"post_ffw_norm", "post_feedforward_layernorm"},
    };
    const std::size_t block_end = name.find('.', 4);
    const std::size_t part_end = name.find('.', block_end + 1);
    return "model.layers." + name.substr(4, block_end - 4) + "." +
           parts.at(name.substr(block_end + 1, part_end - block_end - 1)) + name.substr(part_end);
  }

  void write_checkpoint(const gguf::File& file, const std::string& architecture) {
    const bool gemma = architecture == "gemma3";
    const auto number = [&](const char* key) {
      return file.get_uint(architecture + "." + key).value();
    };
    const std::uint64_t head_dim = number("attention.key_length");
    json::object header;
    std::string data;
    for (const gguf::Tensor& tensor : file.tensors()) {
      if (tensor.name == "rope_freqs.weight") continue;
      std::string bytes(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
      const std::size_t row_bytes = tensor.columns() * 4;
      const bool rotated = tensor.name.find("attn_q.") != std::string_view::npos ||
                           tensor.name.find("attn_k.") != std::string_view::npos;
      if (architecture == "llama" && rotated) {
        const std::string before = bytes;  // pairs side by side become two halves
        for (std::size_t row = 0; row < tensor.rows(); ++row) {
          const std::size_t within = row % head_dim;
          const std::size_t to = row - within + within / 2 + (within % 2) * (head_dim / 2);
          bytes.replace(to * row_bytes, row_bytes, before, row * row_bytes, row_bytes);
        }
      }
      if (gemma && tensor.name.ends_with("norm.weight")) {
        for (std::size_t at = 0; at < bytes.size(); at += 4) {
          float value = 0;
          std::memcpy(&value, &bytes[at], 4);
          value -= 1;
          std::memcpy(&bytes[at], &value, 4);
        }
      }
      json::array shape;
      for (std::uint32_t d = tensor.dims_count; d-- > 0;) shape.push_back(tensor.dims[d]);
      header[hub_name(std::string(tensor.name), gemma)] = {
          {"dtype", "F32"},
          {"shape", shape},
          {"data_offsets", json::array{data.size(), data.size() + bytes.size()}}};
      data += bytes;
    }
    const std::string text = json::serialize(header);
    const std::uint64_t length = text.size();
    std::ofstream out(folder_ / "model.safetensors", std::ios::binary);
    out.write(reinterpret_cast<const char*>(&length), 8);
    out << text << data;

    config_ = {{"model_type", gemma ? "gemma3_text" : architecture},
               {"num_hidden_layers", number("block_count")},
               {"hidden_size", number("embedding_length")},
               {"intermediate_size", number("feed_forward_length")},
               {"num_attention_heads", number("attention.head_count")},
               {"num_key_value_heads", number("attention.head_count_kv")},
               {"head_dim", head_dim},
               {"vocab_size", file.find_tensor("token_embd.weight")->dims[1]},
               {"max_position_embeddings", number("context_length")},
               {"rms_norm_eps",
                file.get_float(architecture + ".attention.layer_norm_rms_epsilon").value()},
               {"rope_theta", file.get_float(architecture + ".rope.freq_base").value()},
               {"tie_word_embeddings", true},
               {"bos_token_id", model::kTinyBos},
               {"eos_token_id", json::array{model::kTinyEnd}}};
    if (gemma) config_["sliding_window"] = number("attention.sliding_window");
    if (architecture == "llama")
      config_["rope_scaling"] = {{"rope_type", "llama3"},
                                 {"factor", 32.0},
                                 {"low_freq_factor", 1.0},
                                 {"high_freq_factor", 4.0},
                                 {"original_max_position_embeddings", 8192}};
    write("config.json", config_);

    json::object vocab;
    const auto tokens = file.get_strings("tokenizer.ggml.tokens").value();
    for (std::size_t i = 0; i < static_cast<std::size_t>(model::kTinyBos); ++i)
      vocab[tokens[i]] = i;
    json::array added;
    for (const std::int32_t id : {model::kTinyBos, model::kTinyEnd})
      added.push_back(json::object{
          {"id", id}, {"content", tokens[static_cast<std::size_t>(id)]}, {"special", true}});
    tokenizer_ = {{"added_tokens", added},
                  {"pre_tokenizer", {{"type", "ByteLevel"}, {"use_regex", true}}},
                  {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", json::array()}}}};
    write("tokenizer.json", tokenizer_);
    write("tokenizer_config.json", {{"add_bos_token", true}, {"chat_template", "{{ messages }}"}});
  }
  void write(const char* name, const json::object& object) const {
    std::ofstream(folder_ / name) << json::serialize(object);
  }

  base::Result<std::string> import() const {
    const Checkpoint checkpoint = TRY(Checkpoint::open(folder_.string()));
    gguf::Writer writer;
    const ImportOptions options{.type = gguf::TensorType::kF32, .progress = {}};
    TRY(import_checkpoint(checkpoint, options, writer));
    return writer.to_bytes();
  }
  [[nodiscard]] base::Error error() const {
    auto result = import();
    return result ? base::Error{base::Code::kInternal, "no error"} : std::move(result).error();
  }

  static std::vector<float> scores(const gguf::File& file) {
    const kernels::Table& table = *kernels::available_tables().front();
    const std::unique_ptr<model::Model> model = model::Model::load(file, table).value();
    base::ThreadPool pool(1);
    kernels::Context context{.table = table, .pool = pool};
    model::KvCache cache(model->kv_shape(1, 64));
    cache.reserve(0, 40);
    model::Batch batch;
    for (std::uint32_t i = 0; i < 40; ++i)
      batch.push_back({.sequence = 0,
                       .position = i,
                       .token = static_cast<model::TokenId>((i * 37 + 5) % 256),
                       .wants_logits = i == 39});
    std::vector<float> logits(model::kTinyVocabulary);
    model->forward(batch, cache, logits, context);
    return logits;
  }

  std::filesystem::path folder_;
  json::object config_;
  json::object tokenizer_;
};

TEST_F(Import, EveryFamilyScoresAsBefore) {
  for (const std::string architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
    const std::string before_bytes = model::tiny_file(architecture);
    const gguf::File before =
        gguf::File::from_bytes(std::as_bytes(std::span(before_bytes)), "before").value();
    write_checkpoint(before, architecture);
    const auto imported = import();
    ASSERT_TRUE(imported) << architecture << ": " << imported.error().message;
    const gguf::File after =
        gguf::File::from_bytes(std::as_bytes(std::span(*imported)), "after").value();
    ASSERT_EQ(after.tensors().size(), before.tensors().size()) << architecture;
    const std::vector<float> expected = scores(before);
    const std::vector<float> actual = scores(after);
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(expected[i], actual[i], 1e-4F * (1 + std::abs(expected[i])))
          << architecture << " token " << i;
    const auto tokenizer = text::Tokenizer::from_gguf(after);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    EXPECT_EQ((*tokenizer)->bos(), model::kTinyBos);
    EXPECT_EQ((*tokenizer)->eos(), model::kTinyEnd);
    EXPECT_TRUE((*tokenizer)->add_bos());
    EXPECT_EQ(after.get_string("tokenizer.chat_template").value(), "{{ messages }}");
  }
}

TEST_F(Import, SaysWhatIsWrong) {
  EXPECT_EQ(error().code, base::Code::kNotFound);  // no config.json yet
  const std::string bytes = model::tiny_file("qwen3");
  write_checkpoint(gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "tiny").value(),
                   "qwen3");
  const json::object good = config_;
  const auto with = [&](const char* key, const json::value& value) {
    json::object config = good;
    config[key] = value;
    write("config.json", config);
    return error();
  };
  EXPECT_EQ(with("model_type", "mamba").code, base::Code::kUnsupported);
  EXPECT_EQ(with("hidden_size", 64).code, base::Code::kCorrupt);
  EXPECT_EQ(with("num_hidden_layers", 3).code, base::Code::kCorrupt);
  EXPECT_EQ(with("num_hidden_layers", 1).code, base::Code::kUnsupported);
  EXPECT_EQ(with("num_hidden_layers", -1).code, base::Code::kCorrupt);
  EXPECT_EQ(with("rope_scaling", json::object{{"type", "yarn"}}).code, base::Code::kUnsupported);
  EXPECT_EQ(with("vocab_size", 100).code, base::Code::kCorrupt);
  write("config.json", good);
  tokenizer_["pre_tokenizer"] = {{"pattern", {{"Regex", "\\w+"}}}};
  write("tokenizer.json", tokenizer_);
  EXPECT_EQ(error().code, base::Code::kUnsupported);
}

TEST_F(Import, AnIndexNeverLeadsOutOfTheFolder) {
  const std::string bytes = model::tiny_file("qwen3");
  write_checkpoint(gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "tiny").value(),
                   "qwen3");
  std::filesystem::rename(folder_ / "model.safetensors", folder_ / "model-00001.safetensors");
  write("model.safetensors.index.json",
        {{"weight_map", {{"model.norm.weight", "model-00001.safetensors"}}}});
  EXPECT_TRUE(import());
  write("model.safetensors.index.json",
        {{"weight_map", {{"model.norm.weight", "../model-00001.safetensors"}}}});
  EXPECT_EQ(error().code, base::Code::kCorrupt);
}

}  // namespace
}  // namespace nearside::convert
