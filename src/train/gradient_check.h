// Compares a gradient with finite differences; for tests.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "train/random.h"

namespace nearside::train {

inline std::vector<float> random_normals(std::size_t count, std::uint64_t seed,
                                         double deviation = 1.0) {
  Random random(seed);
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(deviation * random.normal());
  return out;
}

/// The largest relative difference between gradient . u and (f(x + h u) - f(x - h u)) / 2 h over
/// `directions` random directions u. Checking along random directions of all coordinates at once
/// catches an error in any of them, with a difference far above f32 rounding.
inline double gradient_error(std::vector<float> x, const std::vector<float>& gradient,
                             const std::function<double(const std::vector<float>&)>& f,
                             double h = 1e-2, int directions = 8) {
  double worst = 0;
  const std::vector<float> at = x;
  double norm = 0;
  for (const float g : gradient) norm += static_cast<double>(g) * static_cast<double>(g);
  norm = std::sqrt(norm);
  for (int d = 0; d < directions; ++d) {
    const auto u = random_normals(x.size(), static_cast<std::uint64_t>(d) + 77);
    double expected = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      expected += static_cast<double>(gradient[i]) * static_cast<double>(u[i]);
    const auto moved = [&](double by) {
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<float>(static_cast<double>(at[i]) + by * static_cast<double>(u[i]));
      return f(x);
    };
    const double measured = (moved(h) - moved(-h)) / (2 * h);
    worst = std::max(worst, std::abs(measured - expected) / (norm + 1e-12));
  }
  return worst;
}

}  // namespace nearside::train
