// What a number format is: how a row of weights is read, written, and multiplied in plain C++.
//
// A format is one file (q4_0.cc, ...) and one line in format.cc. The file alone works everywhere;
// wider instruction sets may add a Product for it (table.h) to make it fast.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "gguf/tensor_type.h"
#include "kernels/activations.h"

namespace nearside::kernels {

/// Rows are sequences of blocks; pointers to them need no alignment. Functions are pure.
struct Format {
  gguf::TensorType type;
  std::string_view name;
  std::size_t block_elements;
  std::size_t block_bytes;
  /// What products with it turn activations into.
  ActivationKind activation;
  /// Shapes: row [columns / block_elements] blocks, out [columns]. REQUIRES: whole blocks.
  void (*dequantize_row)(const std::byte* row, std::size_t columns, float* out);
  /// The reverse, rounding each block to about the least squared error. Not-a-number and infinity
  /// give unspecified weights.
  void (*quantize_row)(const float* in, std::size_t columns, std::byte* row);
  /// Sum over c of row[c] * x[token, c]: the reference every product is tested against.
  float (*dot)(const std::byte* row, const Activations& x, std::size_t token);

  /// A format that can say the same weights exactly and for which tables have fast products;
  /// Weights::prepare uses it where a table has none for this one. Null where there is none.
  struct Wider {
    gguf::TensorType type = gguf::TensorType::kF32;
    void (*widen_row)(const std::byte* row, std::size_t columns, std::byte* out) = nullptr;
  };
  Wider wider{};

  [[nodiscard]] std::size_t row_bytes(std::size_t columns) const {
    return columns / block_elements * block_bytes;
  }
};

/// Empty (null) for a type without an implementation.
const Format* find_format(gguf::TensorType type);
/// REQUIRES: find_format(type) exists.
const Format& format(gguf::TensorType type);
/// All of them, in the order of the file format's enumeration.
std::span<const Format* const> formats();

}  // namespace nearside::kernels
