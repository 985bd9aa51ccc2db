// A weight matrix ready to be multiplied with, in whatever layout the chosen instruction set likes
// best.
#pragma once

#include <cstddef>
#include <memory>

#include "gguf/tensor_type.h"

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

/// Either the view itself (the bytes must outlive it) or a repacked copy. Immutable; cheap to move.
class Weights {
 public:
  Weights() = default;
  /// REQUIRES: view.columns is a multiple of the type's block, view.type is one Table supports (see
  /// supports()).
  static Weights prepare(const WeightView& view, const Table& table);
  /// Whether products with this type exist (every type gguf reads should).
  static bool supports(gguf::TensorType type);

  [[nodiscard]] const WeightView& view() const { return view_; }
  [[nodiscard]] std::size_t rows() const { return view_.rows; }
  [[nodiscard]] std::size_t columns() const { return view_.columns; }

 private:
  WeightView view_;
  std::shared_ptr<const std::byte[]>
      packed_;  // shared: a model's tied embedding and output head are one matrix
};

}  // namespace nearside::kernels
