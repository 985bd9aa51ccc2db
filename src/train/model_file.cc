#include "train/model_file.h"

#include "base/check.h"
#include "kernels/format.h"

namespace nearside::train {
namespace {

// Values of general.file_type that name the type of most tensors. Source: GGUF specification,
// enum llama_ftype.
std::uint32_t file_type(gguf::TensorType type) {
  switch (type) {
    case gguf::TensorType::kF32:
      return 0;
    case gguf::TensorType::kF16:
      return 1;
    case gguf::TensorType::kQ4_0:
      return 2;
    case gguf::TensorType::kQ8_0:
      return 7;
    case gguf::TensorType::kBF16:
      return 32;
    default:
      return 1024;  // "guessed": readers look at the tensors
  }
}

std::uint32_t u32(std::size_t value) { return static_cast<std::uint32_t>(value); }

}  // namespace

void add_model(const Layout& layout, const std::vector<float>& weights, gguf::TensorType type,
               const ModelIdentity& identity, gguf::Writer& writer) {
  CHECK(weights.size() == layout.size);
  const ModelShape& shape = layout.shape;
  writer.add("general.architecture", std::string("llama"));
  writer.add("general.type", std::string("model"));
  writer.add("general.name", identity.name);
  if (!identity.description.empty()) writer.add("general.description", identity.description);
  writer.add("general.license", identity.license);
  writer.add("general.file_type", file_type(type));
  if (file_type(type) > 1) writer.add("general.quantization_version", std::uint32_t{2});
  writer.add("llama.vocab_size", u32(shape.vocabulary));
  writer.add("llama.context_length", u32(shape.context));
  writer.add("llama.embedding_length", u32(shape.dim));
  writer.add("llama.block_count", u32(shape.layers));
  writer.add("llama.feed_forward_length", u32(shape.ffn_dim));
  writer.add("llama.attention.head_count", u32(shape.heads));
  writer.add("llama.attention.head_count_kv", u32(shape.kv_heads));
  writer.add("llama.attention.key_length", u32(shape.head_dim));
  writer.add("llama.attention.value_length", u32(shape.head_dim));
  writer.add("llama.attention.layer_norm_rms_epsilon", shape.norm_epsilon);
  writer.add("llama.rope.dimension_count", u32(shape.head_dim));
  writer.add("llama.rope.freq_base", shape.rope_base);

  const kernels::Format& matrix_format = kernels::format(type);
  const kernels::Format& gain_format = kernels::format(gguf::TensorType::kF32);
  for (const Slot& slot : layout.slots) {
    const kernels::Format& format = slot.is_gain ? gain_format : matrix_format;
    std::vector<std::uint64_t> dims = {slot.columns};
    if (!slot.is_gain) dims.push_back(slot.rows);
    writer.add_tensor(
        slot.name, format.type, dims,
        [&format, slot, from = weights.data() + slot.offset](std::span<std::byte> out) {
          for (std::size_t r = 0; r < slot.rows; ++r)
            format.quantize_row(from + r * slot.columns, slot.columns,
                                out.data() + r * format.row_bytes(slot.columns));
        });
  }
}

base::Result<ModelShape> read_shape(const gguf::File& file) {
  const std::string_view architecture = TRY(file.get_string("general.architecture"));
  if (architecture != "llama" || file.find("llama.rope.scaling.type") != nullptr ||
      file.find_tensor("rope_freqs.weight") != nullptr)
    return base::fail(base::Code::kUnsupported,
                      "training goes on from models of architecture llama without rope scaling; "
                      "this one is of architecture {}",
                      architecture);
  const auto size = [&file](const char* key) -> base::Result<std::size_t> {
    return static_cast<std::size_t>(TRY(file.get_uint(key)));
  };
  ModelShape shape;
  const gguf::Tensor* embedding = file.find_tensor("token_embd.weight");
  if (embedding == nullptr)
    return base::fail(base::Code::kNotFound, "the file has no tensor token_embd.weight");
  shape.vocabulary = embedding->rows();
  shape.context = TRY(size("llama.context_length"));
  shape.dim = TRY(size("llama.embedding_length"));
  shape.layers = TRY(size("llama.block_count"));
  shape.ffn_dim = TRY(size("llama.feed_forward_length"));
  shape.heads = TRY(size("llama.attention.head_count"));
  if (shape.heads == 0 || shape.dim == 0)
    return base::fail(base::Code::kCorrupt, "the file declares no attention heads or no width");
  shape.kv_heads =
      static_cast<std::size_t>(TRY(file.get_uint_or("llama.attention.head_count_kv", shape.heads)));
  shape.head_dim = static_cast<std::size_t>(
      TRY(file.get_uint_or("llama.attention.key_length", shape.dim / shape.heads)));
  shape.norm_epsilon =
      static_cast<float>(TRY(file.get_float("llama.attention.layer_norm_rms_epsilon")));
  shape.rope_base = static_cast<float>(TRY(file.get_float_or("llama.rope.freq_base", 10000.0)));
  shape.tied_embeddings = file.find_tensor("output.weight") == nullptr;
  TRY(check_shape(shape));
  return shape;
}

base::Result<std::vector<float>> read_weights(const gguf::File& file, const Layout& layout) {
  std::vector<float> weights(layout.size);
  for (const Slot& slot : layout.slots) {
    const gguf::Tensor* tensor = file.find_tensor(slot.name);
    if (tensor == nullptr)
      return base::fail(base::Code::kNotFound, "the file has no tensor {}", slot.name);
    if (tensor->columns() != slot.columns || tensor->rows() != slot.rows)
      return base::fail(base::Code::kCorrupt, "tensor {} is {} x {}, not {} x {} as the keys say",
                        slot.name, tensor->rows(), tensor->columns(), slot.rows, slot.columns);
    const kernels::Format* format = kernels::find_format(tensor->type);
    if (format == nullptr)
      return base::fail(base::Code::kUnsupported, "tensor {} has a type that cannot be read",
                        slot.name);
    for (std::size_t r = 0; r < slot.rows; ++r)
      format->dequantize_row(tensor->data.data() + r * format->row_bytes(slot.columns),
                             slot.columns, weights.data() + slot.offset + r * slot.columns);
  }
  return weights;
}

}  // namespace nearside::train
