#include "model/tensor_reader.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/thread_pool.h"
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
  std::vector<kernels::Weights> one = TRY(matrices(name, {rows}, columns));
  return std::move(one.front());
}

Result<std::vector<kernels::Weights>> TensorReader::matrices(const std::string& name,
                                                             const std::vector<std::size_t>& rows,
                                                             std::size_t columns) {
  const std::size_t all = std::accumulate(rows.begin(), rows.end(), std::size_t{0});
  const gguf::Tensor* tensor = TRY(find(name, {columns, all}));
  return parts_of(*tensor, rows);
}

Result<std::vector<kernels::Weights>> TensorReader::stack(const std::string& name,
                                                          std::size_t count, std::size_t rows,
                                                          std::size_t columns) {
  const gguf::Tensor* tensor = TRY(find(name, {columns, rows, count}));
  return parts_of(*tensor, std::vector<std::size_t>(count, rows));
}

Result<std::vector<kernels::Weights>> TensorReader::parts_of(const gguf::Tensor& tensor,
                                                             const std::vector<std::size_t>& rows) {
  const std::size_t columns = tensor.columns();
  if (!kernels::Weights::supports(tensor.type, columns))
    return fail(Code::kUnsupported, "tensor {} is of type {}, which cannot be computed with",
                tensor.name, gguf::tensor_type_info(tensor.type).name);
  std::vector<kernels::Weights> parts;
  const std::byte* data = tensor.data.data();
  for (const std::size_t count : rows) {
    parts.push_back(kernels::Weights::reserve(
        {.type = tensor.type, .rows = count, .columns = columns, .data = data}, table_));
    data += gguf::tensor_bytes(tensor.type, count * columns);
  }
  matrices_.insert(matrices_.end(), parts.begin(), parts.end());
  return parts;
}

void TensorReader::pack(std::size_t threads) {
  // Long enough to read from a disk at its speed, short enough that threads end together.
  constexpr std::size_t kPartBytes = std::size_t{1} << 20;
  std::sort(matrices_.begin(), matrices_.end(),
            [](const kernels::Weights& a, const kernels::Weights& b) {
              return std::less<>{}(a.view().data, b.view().data);
            });
  struct Part {
    const kernels::Weights* matrix;
    std::size_t row_begin;
    std::size_t row_end;
    std::span<const std::byte> bytes;
  };
  std::vector<Part> parts;
  for (const kernels::Weights& matrix : matrices_) {
    if (matrix.packed_bytes() == 0) continue;
    const std::size_t row_bytes = kernels::format(matrix.view().type).row_bytes(matrix.columns());
    constexpr std::size_t kStep = kernels::Weights::kPackRowsStep;
    const std::size_t rows = std::max<std::size_t>(1, kPartBytes / row_bytes / kStep) * kStep;
    for (std::size_t row = 0; row < matrix.rows(); row += rows) {
      const std::size_t end = std::min(row + rows, matrix.rows());
      parts.push_back(
          {&matrix, row, end, {matrix.view().data + row * row_bytes, (end - row) * row_bytes}});
    }
  }
  base::ThreadPool pool(threads);
  std::atomic<std::size_t> next{0};
  pool.run([&](std::size_t) {
    for (std::size_t i = next.fetch_add(1); i < parts.size(); i = next.fetch_add(1)) {
      // What the threads come to a few parts later is on its way from the disk meanwhile.
      const std::size_t ahead = i + 4 * threads;
      if (ahead < parts.size()) file_.expect_reads(parts[ahead].bytes);
      parts[i].matrix->pack(parts[i].row_begin, parts[i].row_end);
      file_.forget(parts[i].bytes);
    }
  });
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

Result<std::vector<std::vector<float>>> TensorReader::vectors(const std::string& name,
                                                              std::size_t count, std::size_t size) {
  const gguf::Tensor* tensor = TRY(find(name, {size, count}));
  if (tensor->type != gguf::TensorType::kF32)
    return fail(Code::kUnsupported, "tensor {} is of type {}, but biases should be F32", name,
                gguf::tensor_type_info(tensor->type).name);
  std::vector<std::vector<float>> out(count, std::vector<float>(size));
  const kernels::Format& format = kernels::format(tensor->type);
  for (std::size_t i = 0; i < count; ++i)
    format.dequantize_row(tensor->data.data() + i * format.row_bytes(size), size, out[i].data());
  return out;
}

Result<std::vector<float>> TensorReader::vector_or_empty(const std::string& name,
                                                         std::size_t size) {
  if (!has(name)) return std::vector<float>{};
  return vector(name, size);
}

}  // namespace nearside::model
