// Angles of rotary position embedding, computed once for a position and used by every head and
// layer. Source: Su et al. 2021, equation 15.
#pragma once

#include <cstddef>
#include <span>

namespace nearside::kernels {

/// Frequency of pair i: base^(-2i / rotated) / factors[i]; `factors` (Llama 3's rope_freqs) may be
/// empty. Shapes: out and factors [rotated / 2].
void rope_frequencies(float base, std::size_t rotated, std::span<const float> factors,
                      std::span<double> out);

/// cosines[i] = cos(position * scale * frequencies[i]) * magnitude, likewise sines. `scale` is 1 or
/// the inverse of a linear context extension; `magnitude` is 1 or YaRN's attention factor.
void rope_angles(double position, std::span<const double> frequencies, float* cosines, float* sines,
                 double scale = 1.0, double magnitude = 1.0);

}  // namespace nearside::kernels
