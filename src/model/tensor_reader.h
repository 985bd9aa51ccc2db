// Takes tensors out of a file by name, refusing any whose shape or type is not what the model
// needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "kernels/weights.h"

namespace nearside::model {

/// Borrows the file and the table. What it hands out views the file's bytes.
class TensorReader {
 public:
  TensorReader(const gguf::File& file, const kernels::Table& table) : file_(file), table_(table) {}

  [[nodiscard]] bool has(std::string_view name) const { return file_.find_tensor(name) != nullptr; }
  /// A matrix [rows, columns], to be multiplied with after pack().
  /// Errors: kCorrupt (missing, or another shape; both shapes are named), kUnsupported (a type
  /// without products).
  base::Result<kernels::Weights> matrix(const std::string& name, std::size_t rows,
                                        std::size_t columns);
  /// One matrix [sum of rows, columns] as several, one above the other. Errors: as matrix().
  base::Result<std::vector<kernels::Weights>> matrices(const std::string& name,
                                                       const std::vector<std::size_t>& rows,
                                                       std::size_t columns);
  /// `count` matrices of one shape, stored as one tensor [count, rows, columns]. Errors: as
  /// matrix().
  base::Result<std::vector<kernels::Weights>> stack(const std::string& name, std::size_t count,
                                                    std::size_t rows, std::size_t columns);
  /// A vector [size] as f32. Errors: as matrix().
  base::Result<std::vector<float>> vector(const std::string& name, std::size_t size);
  /// `count` vectors of one size, stored as one tensor [count, size]. Errors: as matrix().
  base::Result<std::vector<std::vector<float>>> vectors(const std::string& name, std::size_t count,
                                                        std::size_t size);
  /// Empty when the file has no such tensor.
  base::Result<std::vector<float>> vector_or_empty(const std::string& name, std::size_t size);

  /// Packs the matrices taken, in the order of the file, and lets go of what was read.
  void pack(std::size_t threads);

  /// Of all tensors taken so far.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t parameters() const { return parameters_; }

 private:
  base::Result<const gguf::Tensor*> find(const std::string& name,
                                         const std::vector<std::size_t>& dims);
  base::Result<std::vector<kernels::Weights>> parts_of(const gguf::Tensor& tensor,
                                                       const std::vector<std::size_t>& rows);

  const gguf::File& file_;
  const kernels::Table& table_;
  std::vector<kernels::Weights> matrices_;
  std::size_t bytes_ = 0;
  std::size_t parameters_ = 0;
};

}  // namespace nearside::model
