// Model families of checkpoints, and what each is called and looks like in a GGUF file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "gguf/writer.h"

namespace nearside::convert {

struct Family {
  std::string_view model_type;    // config.json's
  std::string_view architecture;  // general.architecture
  /// Rows of query and key are in two halves that belong together pairwise; GGUF's llama has the
  /// pairs side by side.
  bool interleaves_heads = false;
  bool sandwich_norms = false;  // norms before and after each block
  bool norms_plus_one = false;  // norm weights are stored as w - 1
};

/// Null when unknown.
const Family* find_family(std::string_view model_type);
/// "gemma3, llama, qwen2, qwen3".
std::string family_names();

/// What a tensor becomes.
struct TensorRole {
  std::string name;               // in the GGUF file
  std::uint64_t interleaved = 0;  // heads whose rows to bring side by side; 0: none
  float plus = 0.0F;              // to be added
};

struct Shape {
  std::uint64_t layers = 0;
  std::uint64_t embedding = 0;
  std::uint64_t ffn = 0;
  std::uint64_t heads = 0;
  std::uint64_t kv_heads = 0;
  std::uint64_t head_dim = 0;
  std::uint64_t vocabulary = 0;
  std::uint64_t context_tokens = 0;
  bool tied = false;  // the output matrix is the embedding
};
/// Errors: kCorrupt (naming the key of config.json), kUnsupported.
base::Result<Shape> read_shape(const Family& family, const base::json::object& config);

/// What a tensor of the checkpoint becomes; empty for one that a GGUF file does not hold (a tied
/// output matrix, rotation tables). Errors: kUnsupported (a tensor that nobody knows: leaving it
/// out would make another model).
base::Result<std::optional<TensorRole>> tensor_role(const Family& family, const Shape& shape,
                                                    std::string_view name);

/// `<architecture>.*`. Errors: kCorrupt, kUnsupported (a rope scaling that is not known).
base::Status write_shape(const Family& family, const Shape& shape, const base::json::object& config,
                         gguf::Writer& writer);

/// Llama 3's factors of the rotation's frequencies; empty where config.json asks for none.
base::Result<std::vector<float>> rope_factors(const Shape& shape, const base::json::object& config);

}  // namespace nearside::convert
