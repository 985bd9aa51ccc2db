// Products of weight matrices with activations: nearly all of the time a model takes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/weights.h"

namespace nearside::kernels {

/// What a product needs besides its operands. Not thread-safe; one for each model instance.
struct Context {
  const Table& table;
  base::ThreadPool& pool;
  std::vector<std::byte>
      scratch{};  // quantised activations; grows to the largest product and stays
};

/// y[t, r] = sum over c of w[r, c] * x[t, c].
/// Shapes: x [tokens, columns], y [tokens, rows], both row-major f32.
/// REQUIRES: w was prepared with context.table.
/// Quantised weights multiply activations quantised to 8 bits in blocks (as llama.cpp does), so
/// results agree with it to within rounding. y[t, r] depends only on row r and x[t, :], never on
/// `tokens` or the thread count: batches are invariant.
void matmul(const Weights& w, const float* x, std::size_t tokens, float* y, Context& context);

/// Several matrices with the same x (query, key and value; gate and up): x is quantised once.
/// REQUIRES: equal columns. Shapes: y[i] [tokens, rows of w[i]].
struct Target {
  const Weights* w;
  float* y;
};
void matmul(std::span<const Target> targets, const float* x, std::size_t tokens, Context& context);

}  // namespace nearside::kernels
