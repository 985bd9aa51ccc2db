// The activation between a feed-forward block's gate and its product with `up`.
#pragma once

#include <cstddef>

#include "kernels/table.h"

namespace nearside::model {

enum class Gate {
  kSilu,
  kGeluTanh,       // the tanh approximation
  kClampedSwiglu,  // g sigmoid(1.702 g) (u + 1), g at most 7, u within 7
};

/// gate = f(gate, up) for one row; `up` is scratch afterwards. Shapes: [n].
void apply_gate(Gate kind, const kernels::Table& table, float* gate, float* up, std::size_t n);

}  // namespace nearside::model
