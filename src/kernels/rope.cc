#include "kernels/rope.h"

#include <cmath>

#include "base/check.h"

namespace nearside::kernels {

void rope_frequencies(float base, std::size_t rotated, std::span<const float> factors,
                      std::span<double> out) {
  CHECK(out.size() == rotated / 2);
  CHECK(factors.empty() || factors.size() == out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = std::pow(static_cast<double>(base),
                      -2.0 * static_cast<double>(i) / static_cast<double>(rotated));
    if (!factors.empty()) out[i] /= static_cast<double>(factors[i]);
  }
}

void rope_angles(double position, std::span<const double> frequencies, float* cosines, float* sines,
                 double scale, double magnitude) {
  // In double: at position 100,000 an f32 angle would be off by 0.004.
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double angle = position * scale * frequencies[i];
    cosines[i] = static_cast<float>(std::cos(angle) * magnitude);
    sines[i] = static_cast<float>(std::sin(angle) * magnitude);
  }
}

}  // namespace nearside::kernels
