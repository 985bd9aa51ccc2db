#include "model/adaptation.h"

#include "kernels/table.h"

namespace nearside::model {

void Adaptation::begin(const Batch& batch) {
  runs_.clear();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].adapter == nullptr) continue;
    const RowAdapter& adapter = *batch[i].adapter;
    if (!runs_.empty() && runs_.back().adapter == adapter &&
        runs_.back().first_row + runs_.back().rows == i)
      ++runs_.back().rows;
    else
      runs_.push_back({.adapter = adapter, .first_row = i, .rows = 1});
  }
}

void Adaptation::add(std::size_t layer, AdaptedMatrix matrix, const float* x, float* y,
                     kernels::Context& context) {
  for (const Run& run : runs_)
    multiply(run.adapter.adapter->of(layer, matrix), run.adapter.scale, run.first_row, run.rows, x,
             y, context);
}

void Adaptation::add_to_output(const Batch& batch, const float* x, float* y,
                               kernels::Context& context) {
  if (runs_.empty()) return;
  std::size_t wanted = 0;
  for (const Row& row : batch) {
    if (!row.wants_logits) continue;
    if (row.adapter != nullptr)
      multiply(row.adapter->adapter->of_output(), row.adapter->scale, wanted, 1, x, y, context);
    ++wanted;
  }
}

void Adaptation::multiply(const LowRank& low_rank, float scale, std::size_t first_row,
                          std::size_t rows, const float* x, float* y, kernels::Context& context) {
  if (low_rank.empty()) return;
  const std::size_t rank = low_rank.down.rows();
  const std::size_t outputs = low_rank.up.rows();
  if (low_.size() < rows * rank) low_.resize(rows * rank);
  if (added_.size() < rows * outputs) added_.resize(rows * outputs);
  kernels::matmul(low_rank.down, x + first_row * low_rank.down.columns(), rows, low_.data(),
                  context);
  kernels::matmul(low_rank.up, low_.data(), rows, added_.data(), context);
  const float factor = scale * low_rank.scale;
  for (std::size_t row = 0; row < rows; ++row)
    context.table.axpy(factor, added_.data() + row * outputs, outputs,
                       y + (first_row + row) * outputs);
}

}  // namespace nearside::model
