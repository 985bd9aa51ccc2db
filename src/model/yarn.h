// YaRN: rotation rescaled for contexts longer than a model was first trained for.
#pragma once

#include <cstddef>
#include <vector>

namespace nearside::model {

struct YarnSettings {
  std::size_t dims = 0;  // rotated ones of a head
  float base = 10'000.0F;
  float factor = 1.0F;                      // how much longer contexts are
  std::size_t original_context_tokens = 0;  // before
};

/// What divides each pair's frequency: 1 for fast pairs, `factor` for slow ones, between those that
/// turn 32 times and once in the original context a blend. Shape: [dims / 2]. Source:
/// https://arxiv.org/abs/2309.00071, section 3.2, with alpha 1 and beta 32.
std::vector<float> yarn_frequency_factors(const YarnSettings& settings);

/// What queries and keys are multiplied by. Source: the same, section 3.4, equation 22:
/// 0.1 ln(factor) + 1.
float yarn_magnitude(float factor);

}  // namespace nearside::model
