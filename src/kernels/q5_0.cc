// Q5_0: 32 weights d * (q - 16), q of 5 bits. Source: ggml-common.h, block_q5_0.
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
  std::uint8_t qh[4];   // bit i (little-endian): the fifth bit of element i
  std::uint8_t qs[16];  // element i in the low half of byte i, element i + 16 in the high half
};
static_assert(sizeof(Block) == 22);
using Decoded = DecodedBlock<32, 32>;

void decode(const Block& block, Decoded& out) {
  out.scale[0] = f16_to_f32(block.d);
  for (std::size_t i = 0; i < 32; ++i) {
    const int low = block.qs[i % 16] >> (i / 16 * 4) & 15;
    const int high = block.qh[i / 8] >> (i % 8) & 1;
    out.q[i] = static_cast<std::int8_t>((low | high << 4) - 16);
  }
}

/// The value of largest magnitude falls on -16, whatever its sign: that side has one more step.
Block quantize(const float* x) {
  const float extreme = of_largest_magnitude(x, 32);
  const float scale = extreme / -16.0f;
  const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
  Block block{};
  block.d = f32_to_f16(scale);
  for (std::size_t i = 0; i < 32; ++i) {
    const auto q = static_cast<unsigned>(std::fmin(31.0f, x[i] * inverse + 16.5f));
    block.qs[i % 16] = static_cast<std::uint8_t>(block.qs[i % 16] | (q & 15) << (i / 16 * 4));
    block.qh[i / 8] = static_cast<std::uint8_t>(block.qh[i / 8] | (q >> 4) << (i % 8));
  }
  return block;
}

}  // namespace

extern const Format kQ5_0Format;
const Format kQ5_0Format = block_format<Block, Decoded, decode, quantize>(
    gguf::TensorType::kQ5_0, "Q5_0",
    {.type = gguf::TensorType::kQ8_0, .widen_row = widen_to_q8_0<Block, Decoded, decode>});

}  // namespace nearside::kernels
