// A weight matrix ready to be multiplied with, in whatever layout the chosen instruction set likes
// best.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "gguf/tensor_type.h"
#include "kernels/product.h"

namespace nearside::kernels {

struct Table;

/// [rows, columns] row-major as a model file stores it: each row is columns / block_elements
/// blocks.
struct WeightView {
  gguf::TensorType type = gguf::TensorType::kF32;
  std::size_t rows = 0;
  std::size_t columns = 0;
  const std::byte* data = nullptr;
};

/// Either the view itself (the bytes must outlive it) or a repacked copy (the bytes are then read
/// again only by whoever looks at view(), as an embedding does). Immutable; cheap to copy.
class Weights {
 public:
  Weights() = default;
  /// REQUIRES: supports(view.type, view.columns).
  static Weights prepare(const WeightView& view, const Table& table);
  /// The same in pieces: what is reserved is untouched memory until pack() has filled it, all rows
  /// once, different ones by any thread. `rows`: the bytes of row_begin and those after it, which
  /// need not be the view's own. REQUIRES of pack: row_begin and row_end are multiples of
  /// kPackRowsStep, or row_end is rows().
  static Weights reserve(const WeightView& view, const Table& table);
  static constexpr std::size_t kPackRowsStep = 64;
  void pack(std::size_t row_begin, std::size_t row_end, const std::byte* rows) const;
  /// Whether products with this type and row length exist: every type gguf reads, in whole blocks.
  static bool supports(gguf::TensorType type, std::size_t columns);

  [[nodiscard]] const WeightView& view() const { return view_; }
  [[nodiscard]] std::size_t rows() const { return view_.rows; }
  [[nodiscard]] std::size_t columns() const { return view_.columns; }
  /// Bytes of the repacked copy, 0 when there is none.
  [[nodiscard]] std::size_t packed_bytes() const { return packed_bytes_; }
  [[nodiscard]] std::span<const std::byte> packed() const { return {packed_.get(), packed_bytes_}; }

  /// For matmul: what to multiply and how.
  [[nodiscard]] const Operand& operand() const { return operand_; }
  [[nodiscard]] const Product& product() const { return *product_; }

 private:
  WeightView view_;
  Operand operand_;
  const Product* product_ = nullptr;
  std::size_t packed_bytes_ = 0;
  // Shared: a model's tied embedding and output head are one matrix.
  std::shared_ptr<std::byte[]> packed_;
};

/// The format in which products with weights of `type` are done: the type's own, or its wider one
/// where this table has a fast product for that alone (Format::wider).
const Format& multiplied_format(gguf::TensorType type, const Table& table);

/// One row as floats: an embedding looked up. Shapes: out [columns]. REQUIRES: row < view.rows.
void dequantize_row(const WeightView& view, std::size_t row, float* out);

}  // namespace nearside::kernels
