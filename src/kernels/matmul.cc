#include "kernels/matmul.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "kernels/format.h"
#include "kernels/table.h"

namespace nearside::kernels {

namespace {

constexpr std::size_t kAlignment = 64;
// Quantised activations of one part: they and a panel of weights should stay in a 512 KiB L2.
constexpr std::size_t kPartActivationBytesMax = 256 * 1024;
// Parts for each thread: enough that a slow core takes fewer of them, few enough that taking one
// (one atomic addition) costs nothing.
constexpr std::size_t kPartsPerThread = 8;
constexpr std::size_t kPartTokensStep = 24;  // a multiple of every kernel's tile of tokens

std::size_t round_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

/// Quantises x into the context's scratch; each token by one thread.
Activations quantize(ActivationKind kind, const float* x, std::size_t tokens, std::size_t columns,
                     Context& context) {
  Activations out{.tokens = tokens, .columns = columns, .floats = x};
  if (kind == ActivationKind::kF32) return out;
  const std::size_t scale_count = columns / scale_columns(kind);
  const std::size_t sum_count = columns / sum_columns(kind);
  const std::size_t value_bytes = round_up(tokens * columns, kAlignment);
  const std::size_t scale_bytes = round_up(tokens * scale_count * sizeof(float), kAlignment);
  const std::size_t sum_bytes = tokens * sum_count * sizeof(std::int32_t);
  const std::size_t needed = kAlignment + value_bytes + scale_bytes + sum_bytes;
  if (context.scratch.size() < needed) context.scratch.resize(needed);
  void* start = context.scratch.data();
  std::size_t space = context.scratch.size();
  CHECK(std::align(kAlignment, needed - kAlignment, start, space) != nullptr);
  auto* const values = static_cast<std::int8_t*>(start);
  auto* const scales = reinterpret_cast<float*>(values + value_bytes);
  auto* const sums = reinterpret_cast<std::int32_t*>(values + value_bytes + scale_bytes);
  const auto quantize_token = [&](std::size_t t) {
    context.table.quantize_activations(kind, x + t * columns, columns, values + t * columns,
                                       scales + t * scale_count, sums + t * sum_count);
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
  return out;
}

/// One matrix cut into parts: blocks of tokens (outer) by groups of panels (inner).
struct Cut {
  const Weights* w;
  float* y;
  std::size_t rows_step;
  std::size_t tokens_step;
  std::size_t row_parts;
  std::size_t parts;
};

Cut cut(const Target& target, std::size_t tokens, std::size_t threads) {
  const std::size_t rows = target.w->rows();
  const std::size_t panel = target.w->product().rows_per_panel;
  const std::size_t fitting =
      kPartActivationBytesMax / std::max<std::size_t>(1, target.w->columns());
  const std::size_t tokens_step =
      std::max(kPartTokensStep, fitting / kPartTokensStep * kPartTokensStep);
  const std::size_t rows_step =
      round_up((rows + threads * kPartsPerThread - 1) / (threads * kPartsPerThread), panel);
  const std::size_t row_parts = (rows + rows_step - 1) / rows_step;
  return {target.w,    target.y,  rows_step,
          tokens_step, row_parts, row_parts * ((tokens + tokens_step - 1) / tokens_step)};
}

void multiply(const Cut& from, std::size_t part_index, const Activations& x) {
  const std::size_t row = part_index % from.row_parts * from.rows_step;
  const std::size_t token = part_index / from.row_parts * from.tokens_step;
  const Part part{.row_begin = row,
                  .row_end = std::min(row + from.rows_step, from.w->rows()),
                  .token_begin = token,
                  .token_end = std::min(token + from.tokens_step, x.tokens)};
  from.w->product().multiply(from.w->operand(), x, part, from.y);
}

/// Matrices that take the same kind of activations, at most this many at once.
constexpr std::size_t kTargetsMax = 8;

void multiply_all(std::span<const Target> targets, const Activations& x, Context& context) {
  Cut cuts[kTargetsMax];
  std::size_t parts = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    cuts[i] = cut(targets[i], x.tokens, context.pool.size());
    parts += cuts[i].parts;
  }
  std::atomic<std::size_t> next{0};
  context.pool.run([&](std::size_t) {
    for (;;) {
      std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= parts) return;
      const Cut* from = cuts;
      while (index >= from->parts) index -= (from++)->parts;
      multiply(*from, index, x);
    }
  });
}

}  // namespace

void matmul(std::span<const Target> targets, const float* x, std::size_t tokens, Context& context) {
  CHECK(targets.size() <= kTargetsMax);
  if (tokens == 0) return;
  // Types may differ within a layer (Q4_K_M keeps some matrices in Q6_K), and with them the kind
  // of activations.
  for (const ActivationKind kind :
       {ActivationKind::kF32, ActivationKind::kBlock32, ActivationKind::kBlock256}) {
    Target same[kTargetsMax];
    std::size_t count = 0;
    for (const Target& target : targets) {
      CHECK(target.w->columns() == targets[0].w->columns());
      if (target.w->operand().format->activation == kind) same[count++] = target;
    }
    if (count == 0) continue;
    const Activations quantized = quantize(kind, x, tokens, targets[0].w->columns(), context);
    multiply_all({same, count}, quantized, context);
  }
}

void matmul(const Weights& w, const float* x, std::size_t tokens, float* y, Context& context) {
  const Target target{&w, y};
  matmul({&target, 1}, x, tokens, context);
}

}  // namespace nearside::kernels
