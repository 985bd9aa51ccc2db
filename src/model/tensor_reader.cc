#include "model/tensor_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernels/format.h"

namespace nearside::model {

using base::Code;
using base::fail;
using base::Result;

Result<const gguf::Tensor*> TensorReader::find(const std::string& name,
                                               const std::vector<std::size_t>& dims) {
  const gguf::Tensor* tensor = file_.find_tensor(name);
  if (tensor == nullptr)
    return fail(Code::kCorrupt, "tensor {} is missing; expected shape [{}]", name,
                fmt::join(dims, ", "));
  bool same = true;
  for (std::size_t i = 0; i < tensor->dims.size(); ++i)
    same = same && tensor->dims[i] == (i < dims.size() ? dims[i] : 1);
  if (!same)
    return fail(Code::kCorrupt, "tensor {} has shape [{}], but the metadata ask for [{}]", name,
                fmt::join(tensor->dims.begin(), tensor->dims.begin() + tensor->dims_count, ", "),
                fmt::join(dims, ", "));
  bytes_ += tensor->data.size();
  parameters_ += tensor->rows() * tensor->columns();
  return tensor;
}

Result<kernels::Weights> TensorReader::matrix(const std::string& name, std::size_t rows,
                                              std::size_t columns) {
  const gguf::Tensor* tensor = TRY(find(name, {columns, rows}));
  if (!kernels::Weights::supports(tensor->type, columns))
    return fail(Code::kUnsupported, "tensor {} is of type {}, which cannot be computed with", name,
                gguf::tensor_type_info(tensor->type).name);
  return kernels::Weights::prepare(
      {.type = tensor->type, .rows = rows, .columns = columns, .data = tensor->data.data()},
      table_);
}

Result<std::vector<float>> TensorReader::vector(const std::string& name, std::size_t size) {
  const gguf::Tensor* tensor = TRY(find(name, {size}));
  const kernels::Format* format = kernels::find_format(tensor->type);
  if (format == nullptr || size % format->block_elements != 0)
    return fail(Code::kUnsupported, "tensor {} is of type {}, but a vector should be F32", name,
                gguf::tensor_type_info(tensor->type).name);
  std::vector<float> out(size);
  format->dequantize_row(tensor->data.data(), size, out.data());
  return out;
}

Result<std::vector<float>> TensorReader::vector_or_empty(const std::string& name,
                                                         std::size_t size) {
  if (!has(name)) return std::vector<float>{};
  return vector(name, size);
}

}  // namespace nearside::model
