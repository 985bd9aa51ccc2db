// Q4_0: 32 weights d * (q - 8), q of 4 bits. Source: ggml-common.h, block_q4_0.
#include <cmath>

#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/scale_search.h"

namespace nearside::kernels {

namespace {

struct Block {
  std::uint16_t d;
  std::uint8_t qs[16];  // element i in the low half of byte i, element i + 16 in the high half
};
static_assert(sizeof(Block) == 18);
using Decoded = DecodedBlock<32, 32>;

void decode(const Block& block, Decoded& out) {
  out.scale[0] = f16_to_f32(block.d);
  for (std::size_t i = 0; i < 16; ++i) {
    out.q[i] = static_cast<std::int8_t>((block.qs[i] & 15) - 8);
    out.q[i + 16] = static_cast<std::int8_t>((block.qs[i] >> 4) - 8);
  }
}

/// The value of largest magnitude falls on -8, whatever its sign: that side has one more step.
Block quantize(const float* x) {
  const float extreme = of_largest_magnitude(x, 32);
  const float scale = extreme / -8.0f;
  const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
  const auto level = [&](std::size_t i) {
    return static_cast<unsigned>(std::fmin(15.0f, x[i] * inverse + 8.5f));
  };
  Block block;
  block.d = f32_to_f16(scale);
  for (std::size_t i = 0; i < 16; ++i)
    block.qs[i] = static_cast<std::uint8_t>(level(i) | level(i + 16) << 4);
  return block;
}

}  // namespace

extern const Format kQ4_0Format;
const Format kQ4_0Format =
    block_format<Block, Decoded, decode, quantize>(gguf::TensorType::kQ4_0, "Q4_0");

}  // namespace nearside::kernels
