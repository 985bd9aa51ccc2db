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

Result<kernels::Weights> TensorReader::rows(const std::string& name, std::size_t rows,
                                            std::size_t columns) {
  kernels::Weights matrix = TRY(this->matrix(name, rows, columns));
  looked_up_.insert(matrix.view().data);
  return matrix;
}

base::Status TensorReader::need(const kernels::Weights& matrix, std::size_t threads) const {
  const std::size_t row_bytes = kernels::format(matrix.view().type).row_bytes(matrix.columns());
  return file_.need({matrix.view().data, matrix.rows() * row_bytes}, threads);
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

base::Status TensorReader::pack(std::size_t threads) {
  // Long enough to read from a disk at its speed, short enough that threads end together.
  constexpr std::size_t kPartBytes = std::size_t{1} << 20;
  // Neighbours in private memory share a piece, which one thread reads once for both.
  const std::size_t run_parts = file_.is_private() ? 16 : 1;
  std::sort(matrices_.begin(), matrices_.end(),
            [](const kernels::Weights& a, const kernels::Weights& b) {
              return std::less<>{}(a.view().data, b.view().data);
            });
  struct Part {
    const kernels::Weights* matrix;
    std::size_t row_begin;
    std::size_t row_end;
    std::span<const std::byte> bytes;
    bool stays;  // at its place
  };
  std::vector<Part> parts;
  for (const kernels::Weights& matrix : matrices_) {
    const bool stays = matrix.packed_bytes() == 0 || looked_up_.contains(matrix.view().data);
    if (stays) TRY(need(matrix, threads));
    if (matrix.packed_bytes() == 0) continue;
    const std::size_t row_bytes = kernels::format(matrix.view().type).row_bytes(matrix.columns());
    constexpr std::size_t kStep = kernels::Weights::kPackRowsStep;
    const std::size_t rows = std::max<std::size_t>(1, kPartBytes / row_bytes / kStep) * kStep;
    for (std::size_t row = 0; row < matrix.rows(); row += rows) {
      const std::size_t end = std::min(row + rows, matrix.rows());
      parts.push_back({&matrix,
                       row,
                       end,
                       {matrix.view().data + row * row_bytes, (end - row) * row_bytes},
                       stays});
    }
  }
  const auto pack_part = [&](const Part& part, base::PartReader& reader) -> base::Status {
    const auto rows = part.stays ? part.bytes : TRY(reader.read(part.bytes));
    part.matrix->pack(part.row_begin, part.row_end, rows.data());
    file_.forget(part.bytes);
    return {};
  };
  base::ThreadPool pool(threads);
  std::atomic<std::size_t> next{0};
  std::vector<base::Status> outcomes(threads);
  pool.run([&](std::size_t thread) {
    base::PartReader reader = file_.part_reader();
    while (outcomes[thread]) {
      const std::size_t begin = next.fetch_add(run_parts);
      if (begin >= parts.size()) break;
      const std::size_t end = std::min(begin + run_parts, parts.size());
      for (std::size_t i = begin; i < end && outcomes[thread]; ++i) {
        // What the threads come to a few parts later is on its way from the disk meanwhile.
        const std::size_t ahead = i + 4 * threads * run_parts;
        if (ahead < parts.size()) file_.expect_reads(parts[ahead].bytes);
        outcomes[thread] = pack_part(parts[i], reader);
      }
    }
  });
  for (base::Status& outcome : outcomes) TRY(std::move(outcome));
  if (file_.is_private())
    for (const kernels::Weights& matrix : matrices_) base::keep_private(matrix.packed());
  return file_.settle(threads);
}

Result<std::vector<float>> TensorReader::vector(const std::string& name, std::size_t size) {
  const gguf::Tensor* tensor = TRY(find(name, {size}));
  const kernels::Format* format = kernels::find_format(tensor->type);
  if (format == nullptr || size % format->block_elements != 0)
    return fail(Code::kUnsupported, "tensor {} is of type {}, but a vector should be F32", name,
                gguf::tensor_type_info(tensor->type).name);
  std::vector<float> out(size);
  const auto data = TRY(vectors_.read(tensor->data));
  format->dequantize_row(data.data(), size, out.data());
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
  const auto data = TRY(vectors_.read(tensor->data));
  for (std::size_t i = 0; i < count; ++i)
    format.dequantize_row(data.data() + i * format.row_bytes(size), size, out[i].data());
  return out;
}

Result<std::vector<float>> TensorReader::vector_or_empty(const std::string& name,
                                                         std::size_t size) {
  if (!has(name)) return std::vector<float>{};
  return vector(name, size);
}

}  // namespace nearside::model
