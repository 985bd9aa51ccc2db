// How one table multiplies with one type of weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/activations.h"

namespace nearside::kernels {

struct Format;

/// Weights as a Product wants them: as the file stores them, or packed.
struct Operand {
  const Format* format = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  const std::byte* data = nullptr;
};

/// A contiguous part of a product's result.
struct Part {
  std::size_t row_begin = 0;
  std::size_t row_end = 0;
  std::size_t token_begin = 0;
  std::size_t token_end = 0;
};

struct Product {
  const char* name;  // for people: "rows, scalar", "16-row panels, vnni"
  /// Rows stored together. Parts begin at a multiple of it and end at one or at the last row.
  std::size_t rows_per_panel = 1;
  /// What it reads in Activations::sums: the sums times this. 0: it does not read them.
  std::int32_t sum_factor = 1;
  /// Both null when weights are multiplied as the file stores them. `packed` is of packed_bytes.
  std::size_t (*packed_bytes)(std::size_t rows, std::size_t columns) = nullptr;
  void (*pack)(const Operand& from, std::byte* packed) = nullptr;
  /// Rows of a tile for a part of so many tokens: parts of a multiple of them leave no smaller
  /// tiles. Null: of no importance.
  std::size_t (*tile_rows)(std::size_t tokens) = nullptr;
  /// Writes y[token, row] for the part. Shapes: y [tokens, rows of the whole matrix]. A value
  /// depends on its row and token alone, never on the part's bounds.
  void (*multiply)(const Operand& weights, const Activations& x, const Part& part, float* y);
};

/// Row by row with Format::dot: works for every format on every processor.
const Product& plain_product();

}  // namespace nearside::kernels
