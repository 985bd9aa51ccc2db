// Q2_K: 256 weights in 16 sub-blocks, d * scale * q - dmin * minimum, q of 2 bits, scales and
// minima of 4. Source: ggml-common.h, block_q2_K.
#include <algorithm>
#include <cmath>

#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/scale_search.h"

namespace nearside::kernels {

namespace {

struct Block {
  std::uint8_t scales[16];  // scale in the low half, minimum in the high half
  std::uint8_t qs[64];      // 32 bytes for 128 elements: bits 2k.. of byte i for element 32k + i
  std::uint16_t d;
  std::uint16_t dmin;
};
static_assert(sizeof(Block) == 84);
using Decoded = DecodedBlock<256, 16>;

void decode(const Block& block, Decoded& out) {
  const float d = f16_to_f32(block.d);
  const float dmin = f16_to_f32(block.dmin);
  for (std::size_t sub = 0; sub < 16; ++sub) {
    out.scale[sub] = d * static_cast<float>(block.scales[sub] & 15);
    out.minimum[sub] = dmin * static_cast<float>(block.scales[sub] >> 4);
  }
  for (std::size_t i = 0; i < 256; ++i) {
    const std::uint8_t byte = block.qs[i / 128 * 32 + i % 32];
    out.q[i] = static_cast<std::int8_t>(byte >> (i % 128 / 32 * 2) & 3);
  }
}

Block quantize(const float* x) {
  ScaleAndMinimum found[16];
  float scale_max = 0;
  float minimum_max = 0;
  for (std::size_t sub = 0; sub < 16; ++sub) {
    const float* part = x + 16 * sub;
    float weights[16];
    for (std::size_t i = 0; i < 16; ++i) weights[i] = std::fabs(part[i]) + 1e-30f;
    found[sub] = find_scale_and_minimum(part, weights, 16, 3);
    scale_max = std::max(scale_max, found[sub].scale);
    minimum_max = std::max(minimum_max, found[sub].minimum);
  }
  Block block{};
  block.d = f32_to_f16(scale_max / 15.0f);
  block.dmin = f32_to_f16(minimum_max / 15.0f);
  const float d = f16_to_f32(block.d);
  const float dmin = f16_to_f32(block.dmin);
  for (std::size_t sub = 0; sub < 16; ++sub) {
    const int scale = quantize_to_grid(found[sub].scale, d, 0, 15);
    const int minimum = quantize_to_grid(found[sub].minimum, dmin, 0, 15);
    block.scales[sub] = static_cast<std::uint8_t>(scale | minimum << 4);
    for (std::size_t i = 16 * sub; i < 16 * (sub + 1); ++i) {
      const int q = quantize_to_grid(x[i] + dmin * static_cast<float>(minimum),
                                     d * static_cast<float>(scale), 0, 3);
      std::uint8_t& byte = block.qs[i / 128 * 32 + i % 32];
      byte = static_cast<std::uint8_t>(byte | q << (i % 128 / 32 * 2));
    }
  }
  return block;
}

}  // namespace

extern const Format kQ2_KFormat;
const Format kQ2_KFormat =
    block_format<Block, Decoded, decode, quantize>(gguf::TensorType::kQ2_K, "Q2_K");

}  // namespace nearside::kernels
