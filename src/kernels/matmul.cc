#include "kernels/matmul.h"

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "kernels/format.h"
#include "kernels/parts.h"
#include "kernels/table.h"

namespace nearside::kernels {

namespace {

constexpr std::size_t kAlignment = 64;
// Quantised activations of one part: they and two panels of weights should stay in a 1 MiB L2.
constexpr std::size_t kPartActivationBytesMax = 384 * 1024;
constexpr std::size_t kPartTokensStep = 24;  // a multiple of every kernel's tile of tokens

std::size_t round_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

/// Lays arrays one after another, each on its own cache lines.
class Layout {
 public:
  std::size_t place(std::size_t bytes) {
    const std::size_t at = end_;
    end_ = round_up(end_ + bytes, kAlignment);
    return at;
  }
  [[nodiscard]] std::size_t end() const { return end_; }

 private:
  std::size_t end_ = 0;
};

std::byte* aligned_scratch(std::size_t bytes, Context& context) {
  if (context.scratch.size() < bytes + kAlignment) context.scratch.resize(bytes + kAlignment);
  void* start = context.scratch.data();
  std::size_t space = context.scratch.size();
  CHECK(std::align(kAlignment, bytes, start, space) != nullptr);
  return static_cast<std::byte*>(start);
}

/// Quantises x into the context's scratch; each token by one thread.
Activations quantize(ActivationKind kind, std::int32_t sum_factor, const float* x,
                     std::size_t tokens, std::size_t columns, Context& context) {
  Activations out{.tokens = tokens, .columns = columns, .floats = x};
  if (kind == ActivationKind::kF32) return out;
  const bool blocks_32 = kind == ActivationKind::kBlock32;
  const std::size_t scale_count = columns / scale_columns(kind);
  const std::size_t sum_count = columns / sum_columns(kind);
  const std::size_t pairs = columns / 32;
  // Rows of a power of two of bytes would all fall into the same few sets of the first-level cache;
  // one line more spreads them.
  out.value_stride = round_up(columns, kAlignment) + kAlignment;
  Layout layout;
  const std::size_t values_at = layout.place(tokens * out.value_stride);
  const std::size_t scales_at = layout.place(tokens * scale_count * sizeof(float));
  const std::size_t sums_at = layout.place(tokens * sum_count * sizeof(std::int32_t));
  const std::size_t bases_at = layout.place(blocks_32 ? tokens * sizeof(float) : 0);
  const std::size_t powers_at = layout.place(blocks_32 ? tokens * pairs * sizeof(std::int32_t) : 0);
  const std::size_t pair_sums_at =
      layout.place(blocks_32 ? 0 : tokens * pairs * sizeof(std::int16_t));
  std::byte* const scratch = aligned_scratch(layout.end(), context);
  auto* const values = reinterpret_cast<std::int8_t*>(scratch + values_at);
  auto* const scales = reinterpret_cast<float*>(scratch + scales_at);
  auto* const sums = reinterpret_cast<std::int32_t*>(scratch + sums_at);
  auto* const bases = reinterpret_cast<float*>(scratch + bases_at);
  auto* const powers = reinterpret_cast<std::int32_t*>(scratch + powers_at);
  auto* const pair_sums = reinterpret_cast<std::int16_t*>(scratch + pair_sums_at);
  const auto quantize_token = [&](std::size_t t) {
    const QuantizedRow row{.values = values + t * out.value_stride,
                           .scales = scales + t * scale_count,
                           .sums = sums + t * sum_count,
                           .base = blocks_32 ? bases + t : nullptr,
                           .powers = blocks_32 ? powers + t * pairs : nullptr,
                           .pair_sums = blocks_32 ? nullptr : pair_sums + t * pairs};
    context.table.quantize_activations(kind, x + t * columns, columns, row);
    for (std::size_t i = 0; i < sum_count; ++i) row.sums[i] *= sum_factor;
  };
  const std::size_t threads = context.pool.size();
  if (tokens == 1 || threads == 1) {
    for (std::size_t t = 0; t < tokens; ++t) quantize_token(t);
  } else {
    context.pool.run([&](std::size_t worker) {
      for (std::size_t t = worker; t < tokens; t += threads) quantize_token(t);
    });
  }
  out.values = values;
  out.scales = scales;
  out.sums = sums;
  out.bases = bases;
  out.powers = powers;
  out.pair_sums = pair_sums;
  return out;
}

/// Rows of a part: a tile's, or as many as make few enough parts. Small ones keep a slow core from
/// holding the others up, and taking one (an atomic addition) costs nothing beside a tile.
std::size_t rows_of_a_part(const Weights& w, std::size_t tokens) {
  constexpr std::size_t kPartsMax = 8192;
  constexpr std::size_t kRowsMin = 32;
  const Product& product = w.product();
  const std::size_t step = product.tile_rows != nullptr
                               ? product.tile_rows(tokens)
                               : round_up(kRowsMin, product.rows_per_panel);
  return round_up(std::max(step, (w.rows() + kPartsMax - 1) / kPartsMax), step);
}

/// Tokens whose activations stay in the second-level cache while the rows pass by.
std::size_t tokens_of_a_part(std::size_t columns) {
  const std::size_t fitting = kPartActivationBytesMax / std::max<std::size_t>(1, columns);
  return std::max(kPartTokensStep, fitting / kPartTokensStep * kPartTokensStep);
}

/// Matrices that take the same kind of activations, at most this many at once.
constexpr std::size_t kTargetsMax = 8;

void multiply_all(std::span<const Target> targets, const Activations& x, Context& context) {
  struct Cut {
    std::size_t rows_step;
    std::size_t parts;
  };
  Cut cuts[kTargetsMax];
  std::size_t parts = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::size_t step = rows_of_a_part(*targets[i].w, x.tokens);
    cuts[i] = {step, (targets[i].w->rows() + step - 1) / step};
    parts += cuts[i].parts;
  }
  const std::size_t tokens_step = tokens_of_a_part(x.columns);
  const std::size_t rounds = (x.tokens + tokens_step - 1) / tokens_step;
  run_parts(context.pool, parts, rounds, [&](std::size_t index, std::size_t round, std::size_t) {
    std::size_t i = 0;
    while (index >= cuts[i].parts) index -= cuts[i++].parts;
    const Weights& w = *targets[i].w;
    const std::size_t row = index * cuts[i].rows_step;
    const std::size_t token = round * tokens_step;
    const Part part{.row_begin = row,
                    .row_end = std::min(row + cuts[i].rows_step, w.rows()),
                    .token_begin = token,
                    .token_end = std::min(token + tokens_step, x.tokens)};
    w.product().multiply(w.operand(), x, part, targets[i].y);
  });
}

/// Whether both can multiply the same quantised activations.
bool same_activations(const Weights& a, const Weights& b) {
  if (a.operand().format->activation != b.operand().format->activation) return false;
  const std::int32_t factor_a = a.product().sum_factor;
  const std::int32_t factor_b = b.product().sum_factor;
  return factor_a == factor_b || factor_a == 0 || factor_b == 0;
}

}  // namespace

void matmul(std::span<const Target> targets, const float* x, std::size_t tokens, Context& context) {
  CHECK(targets.size() <= kTargetsMax);
  if (tokens == 0) return;
  // Types may differ within a layer (Q4_K_M keeps some matrices in Q6_K), and with them what x is
  // quantised to: each round takes the first target left and all that go with it.
  bool done[kTargetsMax] = {};
  for (std::size_t first = 0; first < targets.size(); ++first) {
    if (done[first]) continue;
    const Weights& leader = *targets[first].w;
    std::int32_t sum_factor = 0;
    Target group[kTargetsMax];
    std::size_t count = 0;
    for (std::size_t i = first; i < targets.size(); ++i) {
      const Weights& w = *targets[i].w;
      CHECK(w.columns() == leader.columns());
      const std::int32_t factor = w.product().sum_factor;
      if (done[i] || !same_activations(leader, w)) continue;
      if (sum_factor != 0 && factor != 0 && factor != sum_factor) continue;
      if (factor != 0) sum_factor = factor;
      done[i] = true;
      group[count++] = targets[i];
    }
    const Activations quantized = quantize(leader.operand().format->activation, sum_factor, x,
                                           tokens, leader.columns(), context);
    multiply_all({group, count}, quantized, context);
  }
}

void matmul(const Weights& w, const float* x, std::size_t tokens, float* y, Context& context) {
  const Target target{&w, y};
  matmul({&target, 1}, x, tokens, context);
}

}  // namespace nearside::kernels
