// Finds the scale (and minimum) with which a few integers say best what a group of floats said.
//
// Rounding to the grid that just spans the group is a start; a slightly narrower or wider grid
// often has less squared error, because clipping one outlier by a little buys precision for all
// others. So some grids are tried, each refitted to its own rounding by weighted least squares.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nearside::kernels {

/// The first of the values x [n] that are farthest from zero; 0 where n is 0.
float of_largest_magnitude(const float* x, std::size_t n);

/// x ~ scale * q with q in [-levels, levels - 1]. Returns the scale (of either sign: the value of
/// largest magnitude falls on -levels, which has one more step than the other side).
float find_scale(const float* x, const float* weights, std::size_t n, int levels);

/// The scales of the 16 sub-blocks of x [256], weighted by x^2.
std::array<float, 16> find_scales_of_16(const float* x, int levels);

struct ScaleAndMinimum {
  float scale;    // >= 0
  float minimum;  // >= 0
};
/// x ~ scale * q - minimum with q in [0, levels]. Zero is always representable.
ScaleAndMinimum find_scale_and_minimum(const float* x, const float* weights, std::size_t n,
                                       int levels);

/// round(x / scale) to nearest even, clamped; 0 where scale is 0.
int quantize_to_grid(float x, float scale, int low, int high);

/// Weights for values that matter more the larger they are: rms(x) + |x|.
void magnitude_weights(const float* x, std::size_t n, float* weights);

}  // namespace nearside::kernels
