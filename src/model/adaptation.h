// Adds to a batch's products what the rows' adapters learned: each row its own adapter's or none.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/matmul.h"
#include "model/adapter.h"
#include "model/batch.h"

namespace nearside::model {

/// Not thread-safe. What a row gets depends on the row and its adapter alone, so that batches stay
/// invariant; rows without an adapter cost nothing.
class Adaptation {
 public:
  /// Finds the runs of rows that share an adapter. The batch and its adapters must live until the
  /// pass is over.
  void begin(const Batch& batch);
  [[nodiscard]] bool any() const { return !runs_.empty(); }

  /// Shapes: x [rows, inputs], y [rows, outputs], of the whole batch. What is added to y comes from
  /// the matrix of `layer`.
  void add(std::size_t layer, AdaptedMatrix matrix, const float* x, float* y,
           kernels::Context& context);
  /// The same for the output head, over the rows that want logits only. Shapes: x [wanted,
  /// embedding], y [wanted, vocabulary].
  void add_to_output(const Batch& batch, const float* x, float* y, kernels::Context& context);

 private:
  struct Run {
    RowAdapter adapter;
    std::size_t first_row = 0;
    std::size_t rows = 0;
  };
  void multiply(const LowRank& low_rank, float scale, std::size_t first_row, std::size_t rows,
                const float* x, float* y, kernels::Context& context);

  std::vector<Run> runs_;
  std::vector<float> low_;    // [row, rank]
  std::vector<float> added_;  // [row, outputs]
};

}  // namespace nearside::model
