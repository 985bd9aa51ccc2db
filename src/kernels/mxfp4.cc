// MXFP4: 32 weights 2^(e - 127) * v, v one of the sixteen 4-bit floats (1 sign, 2 exponent and 1
// mantissa bit). Source: OCP Microscaling Formats 1.0, section 5.3.3; ggml-common.h, block_mxfp4.
#include <algorithm>
#include <cmath>

#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"

namespace nearside::kernels {

namespace {

struct Block {
  std::uint8_t e;
  std::uint8_t qs[16];  // element i in the low half of byte i, element i + 16 in the high half
};
static_assert(sizeof(Block) == 17);
using Decoded = DecodedBlock<32, 32>;

/// Twice the values, which are then integers; the scale is halved.
constexpr std::array<std::int8_t, 16> kTwice = {0, 1,  2,  3,  4,  6,  8,  12,
                                                0, -1, -2, -3, -4, -6, -8, -12};
constexpr int kHalvedBias = 128;

void decode(const Block& block, Decoded& out) {
  out.scale[0] = std::ldexp(1.0f, block.e - kHalvedBias);
  for (std::size_t i = 0; i < 16; ++i) {
    out.q[i] = kTwice[block.qs[i] & 15];
    out.q[i + 16] = kTwice[block.qs[i] >> 4];
  }
}

/// The code of the nearest value.
unsigned nearest(float twice) {
  const float magnitude = std::fabs(twice);
  unsigned code = 0;
  while (code < 7 && magnitude > 0.5f * static_cast<float>(kTwice[code] + kTwice[code + 1])) ++code;
  return twice < 0 && code > 0 ? code | 8 : code;
}

/// The shared exponent of the specification, section 6.3: that of the greatest magnitude, less 2,
/// the exponent of the greatest 4-bit float.
Block quantize(const float* x) {
  float magnitude = 0;
  for (std::size_t i = 0; i < 32; ++i) magnitude = std::fmax(magnitude, std::fabs(x[i]));
  Block block;
  const int exponent = magnitude > 0 ? std::ilogb(magnitude) - 2 : -127;
  block.e = static_cast<std::uint8_t>(std::clamp(exponent + 127, 1, 254));
  const float inverse = std::ldexp(1.0f, kHalvedBias - block.e);
  for (std::size_t i = 0; i < 16; ++i)
    block.qs[i] =
        static_cast<std::uint8_t>(nearest(x[i] * inverse) | nearest(x[i + 16] * inverse) << 4);
  return block;
}

}  // namespace

extern const Format kMXFP4Format;
const Format kMXFP4Format =
    block_format<Block, Decoded, decode, quantize>(gguf::TensorType::kMXFP4, "MXFP4");

}  // namespace nearside::kernels
