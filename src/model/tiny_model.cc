#include "model/tiny_model.h"

#include <span>
#include <vector>

#include "base/check.h"
#include "gguf/file.h"

namespace nearside::model {

namespace {

/// How byte-level vocabularies spell a byte: printable ones as themselves, the others as the code
/// points from 256 on. Source: github.com/openai/gpt-2, encoder.py, bytes_to_unicode.
std::vector<std::string> byte_spellings() {
  std::vector<std::string> spellings;
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    const unsigned point = printable ? byte : next++;
    std::string spelling;
    if (point < 0x80) {
      spelling.push_back(static_cast<char>(point));
    } else {
      spelling.push_back(static_cast<char>(0xC0U | (point >> 6U)));
      spelling.push_back(static_cast<char>(0x80U | (point & 0x3FU)));
    }
    spellings.push_back(spelling);
  }
  return spellings;
}

}  // namespace

SynthShape tiny_shape(std::string_view architecture) {
  SynthShape shape{.name = "tiny",
                   .architecture = architecture,
                   .layers = 2,
                   .embedding = 32,
                   .ffn = 48,
                   .heads = 4,
                   .kv_heads = 2,
                   .head_dim = 8,
                   .vocabulary = kTinyVocabulary,
                   .context_tokens = 256};
  if (architecture == "llama") {
    shape.rope_factors = true;
  } else if (architecture == "qwen2") {
    shape.attention_biases = true;
  } else if (architecture == "qwen3") {
    shape.head_norms = true;
    shape.head_dim = 16;
  } else if (architecture == "gemma3") {
    shape.layers = 7;
    shape.head_norms = true;
    shape.post_norms = true;
    shape.window_tokens = 16;
  } else if (architecture == "smollm3") {
    shape.layers = 5;
  } else if (architecture == "granite") {
    shape.embedding_scale = 12.0F;
    shape.residual_scale = 0.22F;
    shape.attention_scale = 0.1F;
    shape.logit_divisor = 2.0F;
  } else if (architecture == "phi3") {
    shape.kv_heads = 4;
    shape.fused = true;
  } else if (architecture == "gemma2") {
    shape.layers = 4;
    shape.post_norms = true;
    shape.window_tokens = 16;
    shape.attention_cap = 2.0F;  // so low that it shows
    shape.logit_cap = 6.0F;
  } else if (architecture == "qwen3moe") {
    shape.head_norms = true;
    shape.experts = 6;
    shape.experts_used = 2;
    shape.expert_ffn = 24;
  } else if (architecture == "gpt-oss") {
    shape.attention_biases = true;
    shape.window_tokens = 16;
    shape.experts = 6;
    shape.experts_used = 2;
    shape.expert_ffn = 24;
    shape.expert_biases = true;
    shape.yarn_factor = 8.0F;
    shape.yarn_context_tokens = 32;
  } else if (architecture == "bert") {
    shape.kv_heads = 4;
    shape.encoder = true;
  } else {
    CHECK(false);
  }
  return shape;
}

gguf::Writer tiny_vocabulary() {
  std::vector<std::string> tokens = byte_spellings();
  std::vector<std::int32_t> types(tokens.size(), 1);
  for (const char* control : {"<|bos|>", "<|end|>"}) {
    tokens.emplace_back(control);
    types.push_back(3);
  }
  gguf::Writer writer;
  writer.add("tokenizer.ggml.model", std::string("gpt2"));
  writer.add("tokenizer.ggml.pre", std::string("gpt-2"));
  writer.add("tokenizer.ggml.tokens", std::move(tokens));
  writer.add("tokenizer.ggml.token_type", std::move(types));
  writer.add("tokenizer.ggml.merges", std::vector<std::string>{});
  writer.add("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(kTinyBos));
  writer.add("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(kTinyEnd));
  writer.add("tokenizer.ggml.add_bos_token", true);
  writer.add("tokenizer.chat_template",
             std::string("{% for message in messages %}<|bos|>{{ message.role }}: "
                         "{{ message.content }}\n{% endfor %}assistant:"));
  return writer;
}

gguf::Writer tiny_writer(std::string_view architecture, std::uint64_t seed) {
  const std::string bytes = tiny_vocabulary().to_bytes();
  const base::Result<gguf::File> vocabulary =
      gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "tiny vocabulary");
  CHECK(vocabulary.has_value());
  gguf::Writer writer;
  const base::Status made =
      synthesize(tiny_shape(architecture), {.type = gguf::TensorType::kF32, .seed = seed},
                 *vocabulary, writer);
  CHECK(made.has_value());
  return writer;
}

std::string tiny_adapter_file(std::string_view architecture, std::uint64_t seed) {
  gguf::Writer writer;
  synthesize_adapter(tiny_shape(architecture), kTinyAdapterRank, seed, writer);
  return writer.to_bytes();
}

std::string tiny_file(std::string_view architecture, std::uint64_t seed) {
  return tiny_writer(architecture, seed).to_bytes();
}

}  // namespace nearside::model
