#include "kernels/scale_search.h"

#include <algorithm>
#include <cmath>

namespace nearside::kernels {

namespace {

// Below this a group counts as zero: its inverse scale would overflow.
constexpr float kMagnitudeMin = 1e-30f;

}  // namespace

int quantize_to_grid(float x, float scale, int low, int high) {
  if (scale == 0.0f) return 0;
  // Clamped before the conversion, which is undefined beyond the range of int.
  const float level = std::clamp(x / scale, static_cast<float>(low), static_cast<float>(high));
  return static_cast<int>(std::nearbyint(level));
}

void magnitude_weights(const float* x, std::size_t n, float* weights) {
  float squares = 0;
  for (std::size_t i = 0; i < n; ++i) squares += x[i] * x[i];
  const float rms = std::sqrt(squares / static_cast<float>(n));
  for (std::size_t i = 0; i < n; ++i) weights[i] = rms + std::fabs(x[i]);
}

float of_largest_magnitude(const float* x, std::size_t n) {
  float extreme = 0;
  for (std::size_t i = 0; i < n; ++i)
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  return extreme;
}

float find_scale(const float* x, const float* weights, std::size_t n, int levels) {
  const float extreme = of_largest_magnitude(x, n);
  if (std::fabs(extreme) < kMagnitudeMin) return 0;
  const float low = static_cast<float>(-levels);
  const float high = static_cast<float>(levels - 1);
  float best_scale = extreme / low;
  float best_gain = -1;
  // 19 grids whose extreme falls on levels -0.9 .. +0.9 of the nominal one.
  for (int step = -9; step <= 9; ++step) {
    const float inverse = (low - 0.1f * static_cast<float>(step)) / extreme;
    float xq = 0;
    float qq = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const float q = std::nearbyint(std::clamp(x[i] * inverse, low, high));
      xq += weights[i] * x[i] * q;
      qq += weights[i] * q * q;
    }
    // The least-squares scale is xq / qq and lowers the error by xq^2 / qq.
    if (qq > 0 && xq * xq > best_gain * qq) {
      best_gain = xq * xq / qq;
      best_scale = xq / qq;
    }
  }
  return best_scale;
}

std::array<float, 16> find_scales_of_16(const float* x, int levels) {
  std::array<float, 16> found;
  for (std::size_t sub = 0; sub < 16; ++sub) {
    const float* part = x + 16 * sub;
    float weights[16];
    for (std::size_t i = 0; i < 16; ++i) weights[i] = part[i] * part[i];
    found[sub] = find_scale(part, weights, 16, levels);
  }
  return found;
}

ScaleAndMinimum find_scale_and_minimum(const float* x, const float* weights, std::size_t n,
                                       int levels) {
  const float low = std::min(0.0f, *std::min_element(x, x + n));
  const float high = *std::max_element(x, x + n);
  if (high - low < kMagnitudeMin) return {0, -low};
  float sum_w = 0;
  float sum_x = 0;
  float sum_xx = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum_w += weights[i];
    sum_x += weights[i] * x[i];
    sum_xx += weights[i] * x[i] * x[i];
  }
  const float top = static_cast<float>(levels);
  ScaleAndMinimum best{(high - low) / top, -low};
  float best_error = INFINITY;
  // 21 grids that spread the group over levels - 1 .. levels + 1 steps.
  for (int step = -10; step <= 10; ++step) {
    const float inverse = (top + 0.1f * static_cast<float>(step)) / (high - low);
    float sum_q = 0;
    float sum_qq = 0;
    float sum_qx = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const float q = std::nearbyint(std::clamp((x[i] - low) * inverse, 0.0f, top));
      sum_q += weights[i] * q;
      sum_qq += weights[i] * q * q;
      sum_qx += weights[i] * q * x[i];
    }
    const float determinant = sum_w * sum_qq - sum_q * sum_q;
    if (determinant <= 0 || sum_qq <= 0) continue;
    float scale = (sum_w * sum_qx - sum_x * sum_q) / determinant;
    float offset = (sum_qq * sum_x - sum_q * sum_qx) / determinant;
    if (offset > 0) {  // the format can only subtract
      offset = 0;
      scale = sum_qx / sum_qq;
    }
    if (scale <= 0) continue;
    const float error = sum_xx - 2 * (scale * sum_qx + offset * sum_x) + scale * scale * sum_qq +
                        2 * scale * offset * sum_q + offset * offset * sum_w;
    if (error < best_error) {
      best_error = error;
      best = {scale, -offset};
    }
  }
  return best;
}

}  // namespace nearside::kernels
