// Products of F32, F16 and BF16 weights as the file stores them, written once in the vocabulary of
// a vector type (see vector_rows.h for how, and why everything has internal linkage).
//
// A tile is kRows x kTokens sums in registers; each vector of weights is widened once for all
// tokens of the tile. A sum runs over its lanes' columns in one order whatever the tile.
#pragma once

#include "kernels/product.h"

namespace nearside::kernels {
namespace {

/// `Load::whole(row, column)` and `Load::part(row, column, count)` widen weights to V::F.
template <typename V, typename Load, int kRows, int kTokens>
inline void float_tile(const std::byte* weights, std::size_t row_bytes, std::size_t rows,
                       const float* x, std::size_t columns, float* y) {
  typename V::F sums[kRows][kTokens];
  for (auto& row : sums)
    for (auto& sum : row) sum = V::set(0.0f);
  std::size_t c = 0;
  for (; c + V::kLanes <= columns; c += V::kLanes) {
    typename V::F values[kTokens];
#pragma GCC unroll 4
    for (int t = 0; t < kTokens; ++t)
      values[t] = V::load(x + static_cast<std::size_t>(t) * columns + c);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      const typename V::F w = Load::whole(weights + static_cast<std::size_t>(r) * row_bytes, c);
#pragma GCC unroll 4
      for (int t = 0; t < kTokens; ++t) sums[r][t] = V::fma(w, values[t], sums[r][t]);
    }
  }
  if (c < columns) {
    for (int r = 0; r < kRows; ++r) {
      const typename V::F w =
          Load::part(weights + static_cast<std::size_t>(r) * row_bytes, c, columns - c);
      for (int t = 0; t < kTokens; ++t)
        sums[r][t] =
            V::fma(w, V::load_part(x + static_cast<std::size_t>(t) * columns + c, columns - c),
                   sums[r][t]);
    }
  }
  for (int r = 0; r < kRows; ++r)
    for (int t = 0; t < kTokens; ++t)
      y[static_cast<std::size_t>(t) * rows + static_cast<std::size_t>(r)] =
          V::reduce_add(sums[r][t]);
}

template <typename V, typename Load, int kRows>
inline void float_tokens(const Operand& w, const std::byte* weights, const Activations& x,
                         const Part& part, std::size_t row, float* y) {
  const std::size_t row_bytes = w.columns * Load::kBytes;
  std::size_t t = part.token_begin;
  const auto tile = [&]<int kTokens>() {
    float_tile<V, Load, kRows, kTokens>(weights, row_bytes, w.rows, x.floats + t * w.columns,
                                        w.columns, y + t * w.rows + row);
    t += kTokens;
  };
  while (t + V::kTileTokens <= part.token_end) tile.template operator()<V::kTileTokens>();
  if (t + 2 <= part.token_end) tile.template operator()<2>();
  while (t < part.token_end) tile.template operator()<1>();
}

template <typename V, typename Load>
void multiply_floats(const Operand& w, const Activations& x, const Part& part, float* y) {
  const std::size_t row_bytes = w.columns * Load::kBytes;
  std::size_t row = part.row_begin;
  for (; row + V::kTileRows <= part.row_end; row += V::kTileRows)
    float_tokens<V, Load, V::kTileRows>(w, w.data + row * row_bytes, x, part, row, y);
  for (; row < part.row_end; ++row)
    float_tokens<V, Load, 1>(w, w.data + row * row_bytes, x, part, row, y);
}

template <typename V>
struct LoadF32 {
  static constexpr std::size_t kBytes = 4;
  static const float* at(const std::byte* row, std::size_t column) {
    return reinterpret_cast<const float*>(row) + column;
  }
  static typename V::F whole(const std::byte* row, std::size_t column) {
    return V::load(at(row, column));
  }
  static typename V::F part(const std::byte* row, std::size_t column, std::size_t count) {
    return V::load_part(at(row, column), count);
  }
};

template <typename V>
struct LoadF16 {
  static constexpr std::size_t kBytes = 2;
  static const std::uint16_t* at(const std::byte* row, std::size_t column) {
    return reinterpret_cast<const std::uint16_t*>(row) + column;
  }
  static typename V::F whole(const std::byte* row, std::size_t column) {
    return V::load_half(at(row, column));
  }
  static typename V::F part(const std::byte* row, std::size_t column, std::size_t count) {
    return V::load_half_part(at(row, column), count);
  }
};

template <typename V>
struct LoadBF16 {
  static constexpr std::size_t kBytes = 2;
  static typename V::F whole(const std::byte* row, std::size_t column) {
    return V::load_bfloat(LoadF16<V>::at(row, column));
  }
  static typename V::F part(const std::byte* row, std::size_t column, std::size_t count) {
    return V::load_bfloat_part(LoadF16<V>::at(row, column), count);
  }
};

}  // namespace
}  // namespace nearside::kernels
