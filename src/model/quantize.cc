#include "model/quantize.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/format.h"
#include "model/parallel.h"

namespace nearside::model {

namespace {

using base::Code;
using base::fail;
using gguf::TensorType;

constexpr std::uint32_t kQuantizationVersion = 2;  // GGML_QNT_VERSION

void convert(const gguf::Tensor& tensor, const kernels::Format& from, const kernels::Format& to,
             base::ThreadPool& pool, std::span<std::byte> out) {
  const std::size_t columns = tensor.columns();
  std::vector<std::vector<float>> rows(pool.size(), std::vector<float>(columns));
  for_each_index(pool, tensor.rows(), [&](std::size_t row, std::size_t worker) {
    float* const values = rows[worker].data();
    from.dequantize_row(tensor.data.data() + row * from.row_bytes(columns), columns, values);
    to.quantize_row(values, columns, out.data() + row * to.row_bytes(columns));
  });
}

}  // namespace

base::Status quantize(const gguf::File& file, const QuantizeRecipe& recipe,
                      const QuantizeOptions& options, base::ThreadPool& pool,
                      gguf::Writer& writer) {
  const QuantizeModel model = TRY(quantize_model(file));
  writer.copy_metadata(file, "");
  writer.add("general.quantization_version", kQuantizationVersion);
  writer.add("general.file_type", recipe.file_type);
  const auto done = std::make_shared<std::size_t>(0);  // shared by the tensors' functions
  const std::size_t count = file.tensors().size();
  for (const gguf::Tensor& tensor : file.tensors()) {
    const TensorType type = quantized_type(recipe, model, tensor);
    const std::vector<std::uint64_t> dims(tensor.dims.begin(),
                                          tensor.dims.begin() + tensor.dims_count);
    const auto finish = [done, count, &options] {
      ++*done;
      if (options.progress) options.progress(*done, count);
    };
    if (type == tensor.type) {
      writer.add_tensor(std::string(tensor.name), type, dims,
                        [data = tensor.data, finish](std::span<std::byte> out) {
                          std::ranges::copy(data, out.begin());
                          finish();
                        });
      continue;
    }
    const bool quantised = gguf::tensor_type_info(tensor.type).block_elements > 1;
    if (quantised && !options.allow_requantize)
      return fail(Code::kUnsupported,
                  "tensor {} is {} already; quantise the F16, BF16 or F32 file, or say "
                  "--allow-requantize",
                  tensor.name, gguf::tensor_type_info(tensor.type).name);
    const kernels::Format* const from = kernels::find_format(tensor.type);
    const kernels::Format* const to = kernels::find_format(type);
    for (const auto& [known, wanted] : {std::pair{from, tensor.type}, std::pair{to, type}})
      if (known == nullptr)
        return fail(Code::kUnsupported, "tensor {} needs the type {}, which is not supported",
                    tensor.name, gguf::tensor_type_info(wanted).name);
    writer.add_tensor(std::string(tensor.name), type, dims,
                      [&tensor, &pool, from, to, finish](std::span<std::byte> out) {
                        convert(tensor, *from, *to, pool, out);
                        finish();
                      });
  }
  return {};
}

}  // namespace nearside::model
