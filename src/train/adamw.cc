#include "train/adamw.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace nearside::train {
namespace {

constexpr std::size_t kPieceFloats = 32 * 1024;  // 128 KiB of each array: fits the cache

// Calls work(index) for each index below count, on whichever thread is free.
template <typename Work>
void for_each_index(base::ThreadPool& pool, std::size_t count, const Work& work) {
  std::atomic<std::size_t> next{0};
  pool.run([&](std::size_t) {
    for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) work(i);
  });
}

}  // namespace

float learning_rate(const AdamWOptions& options, std::size_t step) {
  if (step < options.warmup_steps)
    return options.rate_max * static_cast<float>(step + 1) /
           static_cast<float>(options.warmup_steps);
  const std::size_t length =
      std::max<std::size_t>(1, options.steps - std::min(options.steps, options.warmup_steps));
  const double passed =
      std::min(1.0, static_cast<double>(step - options.warmup_steps) / static_cast<double>(length));
  const double end = static_cast<double>(options.rate_end_fraction);
  const double wave = 0.5 * (1.0 + std::cos(std::numbers::pi * passed));
  return options.rate_max * static_cast<float>(end + (1.0 - end) * wave);
}

AdamW::AdamW(const Layout& layout, const AdamWOptions& options)
    : first(layout.size), second(layout.size), options_(options) {
  for (const Slot& slot : layout.slots) {
    const std::size_t end = slot.offset + slot.rows * slot.columns;
    for (std::size_t at = slot.offset; at < end; at += kPieceFloats)
      pieces_.push_back({at, std::min(end, at + kPieceFloats), !slot.is_gain});
  }
  squares_.resize(pieces_.size());
}

double AdamW::step(std::size_t step_index, std::span<std::vector<float>> gradients,
                   std::vector<float>& weights, base::ThreadPool& pool) {
  CHECK(!gradients.empty());
  float* total = gradients[0].data();
  for_each_index(pool, pieces_.size(), [&](std::size_t p) {
    const Piece& piece = pieces_[p];
    for (const std::vector<float>& part : gradients.subspan(1))
      for (std::size_t i = piece.begin; i < piece.end; ++i) total[i] += part[i];
    double sum = 0;
    for (std::size_t i = piece.begin; i < piece.end; ++i)
      sum += static_cast<double>(total[i]) * static_cast<double>(total[i]);
    squares_[p] = sum;
  });
  double square = 0;
  for (const double part : squares_) square += part;
  const double norm = std::sqrt(square);

  const auto t = static_cast<double>(step_index + 1);
  const float clip =
      norm > static_cast<double>(options_.gradient_norm_max)
          ? static_cast<float>(static_cast<double>(options_.gradient_norm_max) / norm)
          : 1.0F;
  const float rate = learning_rate(options_, step_index);
  const auto unbias1 = static_cast<float>(1.0 / (1.0 - std::pow(double{options_.beta1}, t)));
  const auto unbias2 = static_cast<float>(1.0 / (1.0 - std::pow(double{options_.beta2}, t)));
  const float beta1 = options_.beta1;
  const float beta2 = options_.beta2;
  const float epsilon = options_.epsilon;
  for_each_index(pool, pieces_.size(), [&](std::size_t p) {
    const Piece& piece = pieces_[p];
    const float kept = 1.0F - (piece.decays ? rate * options_.weight_decay : 0.0F);
    float* m = first.data();
    float* v = second.data();
    float* w = weights.data();
    for (std::size_t i = piece.begin; i < piece.end; ++i) {
      const float g = total[i] * clip;
      m[i] = beta1 * m[i] + (1.0F - beta1) * g;
      v[i] = beta2 * v[i] + (1.0F - beta2) * g * g;
      w[i] = kept * w[i] - rate * m[i] * unbias1 / (std::sqrt(v[i] * unbias2) + epsilon);
    }
  });
  return norm;
}

}  // namespace nearside::train
