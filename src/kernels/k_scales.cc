#include "kernels/k_scales.h"

#include <algorithm>

#include "kernels/half.h"
#include "kernels/scale_search.h"

namespace nearside::kernels {

namespace {

constexpr int kScaleLevels = 63;  // 6 bits

std::uint8_t to_byte(int value) { return static_cast<std::uint8_t>(value); }

}  // namespace

KScales unpack_k_scales(const std::uint8_t* packed) {
  KScales out;
  for (std::size_t i = 0; i < 4; ++i) {
    out.scale[i] = to_byte(packed[i] & 63);
    out.minimum[i] = to_byte(packed[i + 4] & 63);
    out.scale[i + 4] = to_byte((packed[i + 8] & 15) | (packed[i] >> 6) << 4);
    out.minimum[i + 4] = to_byte((packed[i + 8] >> 4) | (packed[i + 4] >> 6) << 4);
  }
  return out;
}

void pack_k_scales(const KScales& scales, std::uint8_t* packed) {
  for (std::size_t i = 0; i < 4; ++i) {
    packed[i] = to_byte(scales.scale[i] | (scales.scale[i + 4] >> 4) << 6);
    packed[i + 4] = to_byte(scales.minimum[i] | (scales.minimum[i + 4] >> 4) << 6);
    packed[i + 8] = to_byte((scales.scale[i + 4] & 15) | (scales.minimum[i + 4] & 15) << 4);
  }
}

KBlockFit fit_k_block(const float* x, int levels) {
  KBlockFit fit{};
  ScaleAndMinimum found[8];
  float scale_max = 0;
  float minimum_max = 0;
  for (std::size_t sub = 0; sub < 8; ++sub) {
    float weights[32];
    magnitude_weights(x + 32 * sub, 32, weights);
    found[sub] = find_scale_and_minimum(x + 32 * sub, weights, 32, levels);
    scale_max = std::max(scale_max, found[sub].scale);
    minimum_max = std::max(minimum_max, found[sub].minimum);
  }
  fit.d = f32_to_f16(scale_max / kScaleLevels);
  fit.dmin = f32_to_f16(minimum_max / kScaleLevels);
  const float d = f16_to_f32(fit.d);
  const float dmin = f16_to_f32(fit.dmin);
  for (std::size_t sub = 0; sub < 8; ++sub) {
    const int scale = quantize_to_grid(found[sub].scale, d, 0, kScaleLevels);
    const int minimum = quantize_to_grid(found[sub].minimum, dmin, 0, kScaleLevels);
    fit.scales.scale[sub] = to_byte(scale);
    fit.scales.minimum[sub] = to_byte(minimum);
    const float step = d * static_cast<float>(scale);
    const float offset = dmin * static_cast<float>(minimum);
    for (std::size_t i = 32 * sub; i < 32 * (sub + 1); ++i)
      fit.q[i] = to_byte(quantize_to_grid(x[i] + offset, step, 0, levels));
  }
  return fit;
}

}  // namespace nearside::kernels
