// IQ4_NL: 32 weights d * table[q], q of 4 bits: steps that are finer near zero, where most weights
// are. Source: ggml-common.h, block_iq4_nl and kvalues_iq4nl.
#include <cmath>

#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/q8_0_block.h"
#include "kernels/scale_search.h"

namespace nearside::kernels {

namespace {

struct Block {
  std::uint16_t d;
  std::uint8_t qs[16];  // element i in the low half of byte i, element i + 16 in the high half
};
static_assert(sizeof(Block) == 18);
using Decoded = DecodedBlock<32, 32>;

constexpr std::array<std::int8_t, 16> kTable = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                1,    13,   25,  38,  53,  69,  89,  113};

void decode(const Block& block, Decoded& out) {
  out.scale[0] = f16_to_f32(block.d);
  for (std::size_t i = 0; i < 16; ++i) {
    out.q[i] = kTable[block.qs[i] & 15];
    out.q[i + 16] = kTable[block.qs[i] >> 4];
  }
}

/// The index of the nearest entry.
std::size_t nearest(float level) {
  std::size_t i = 0;
  while (i < 15 && level > 0.5f * static_cast<float>(kTable[i] + kTable[i + 1])) ++i;
  return i;
}

/// Tries scales that put the extreme value on the table's ends or a little inside or outside, and
/// refits each by least squares, weighted by x^2; the best of 15.
float find_table_scale(const float* x) {
  const float extreme = of_largest_magnitude(x, 32);
  if (std::fabs(extreme) < 1e-30f) return 0;
  float best_scale = extreme / -127.0f;
  float best_gain = -1;
  for (int step = -7; step <= 7; ++step) {
    const float inverse = (-127.0f + static_cast<float>(step) * 4.0f) / extreme;
    float xq = 0;
    float qq = 0;
    for (std::size_t i = 0; i < 32; ++i) {
      const float q = kTable[nearest(x[i] * inverse)];
      const float weight = x[i] * x[i];
      xq += weight * x[i] * q;
      qq += weight * q * q;
    }
    if (qq > 0 && xq * xq > best_gain * qq) {
      best_gain = xq * xq / qq;
      best_scale = xq / qq;
    }
  }
  return best_scale;
}

Block quantize(const float* x) {
  Block block;
  block.d = f32_to_f16(find_table_scale(x));
  const float scale = f16_to_f32(block.d);
  const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
  for (std::size_t i = 0; i < 16; ++i)
    block.qs[i] =
        static_cast<std::uint8_t>(nearest(x[i] * inverse) | nearest(x[i + 16] * inverse) << 4);
  return block;
}

}  // namespace

extern const Format kIQ4_NLFormat;
const Format kIQ4_NLFormat = block_format<Block, Decoded, decode, quantize>(
    gguf::TensorType::kIQ4_NL, "IQ4_NL",
    {.type = gguf::TensorType::kQ8_0, .widen_row = widen_to_q8_0<Block, Decoded, decode>});

}  // namespace nearside::kernels
