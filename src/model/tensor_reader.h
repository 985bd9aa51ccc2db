// Takes tensors out of a file by name, refusing any whose shape or type is not what the model
// needs.
#pragma once

#include <cstddef>
#include <set>
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
  TensorReader(const gguf::File& file, const kernels::Table& table)
      : file_(file), table_(table), vectors_(file.part_reader()) {}

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

  /// A matrix whose rows are looked up as well (kernels::dequantize_row). Errors: as matrix().
  base::Result<kernels::Weights> rows(const std::string& name, std::size_t rows,
                                      std::size_t columns);
  /// Before rows of a matrix are looked up earlier than pack(). Errors: those of gguf::File::need.
  base::Status need(const kernels::Weights& matrix, std::size_t threads = 1) const;

  /// Packs the matrices taken, in the order of the file, and lets go of what was read. Then the
  /// file has been read as far as it must be. Errors: those of gguf::File::need.
  base::Status pack(std::size_t threads);

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
  base::PartReader vectors_;
  std::vector<kernels::Weights> matrices_;
  std::set<const std::byte*> looked_up_;  // data of rows()
  std::size_t bytes_ = 0;
  std::size_t parameters_ = 0;
};

}  // namespace nearside::model
