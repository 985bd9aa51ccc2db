#include "model/gate.h"

#include <algorithm>

namespace nearside::model {

namespace {

// Source: config.json and modeling code of openai/gpt-oss-20b (swiglu_limit, alpha).
constexpr float kAlpha = 1.702F;
constexpr float kLimit = 7.0F;

/// g sigmoid(a g) (u + 1) is silu(a g) times (u + 1) / a.
void clamped_swiglu(const kernels::Table& table, float* gate, float* up, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    gate[i] = kAlpha * std::min(gate[i], kLimit);
    up[i] = (std::clamp(up[i], -kLimit, kLimit) + 1.0F) / kAlpha;
  }
  table.silu_mul(gate, up, n, gate);
}

}  // namespace

void apply_gate(Gate kind, const kernels::Table& table, float* gate, float* up, std::size_t n) {
  switch (kind) {
    case Gate::kSilu:
      table.silu_mul(gate, up, n, gate);
      return;
    case Gate::kGeluTanh:
      table.gelu_mul(gate, up, n, gate);
      return;
    case Gate::kClampedSwiglu:
      clamped_swiglu(table, gate, up, n);
      return;
  }
}

}  // namespace nearside::model
