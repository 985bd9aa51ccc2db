// Q5_1: 32 weights d * q + m, q of 5 bits. Source: ggml-common.h, block_q5_1.
#include <algorithm>

#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"

namespace nearside::kernels {

namespace {

struct Block {
  std::uint16_t d;
  std::uint16_t m;
  std::uint8_t qh[4];   // bit i (little-endian): the fifth bit of element i
  std::uint8_t qs[16];  // element i in the low half of byte i, element i + 16 in the high half
};
static_assert(sizeof(Block) == 24);
using Decoded = DecodedBlock<32, 32>;

void decode(const Block& block, Decoded& out) {
  out.scale[0] = f16_to_f32(block.d);
  out.minimum[0] = -f16_to_f32(block.m);
  for (std::size_t i = 0; i < 32; ++i) {
    const int low = block.qs[i % 16] >> (i / 16 * 4) & 15;
    const int high = block.qh[i / 8] >> (i % 8) & 1;
    out.q[i] = static_cast<std::int8_t>(low | high << 4);
  }
}

Block quantize(const float* x) {
  const auto bounds = std::minmax_element(x, x + 32);
  const float low = *bounds.first;
  const float high = *bounds.second;
  const float scale = (high - low) / 31.0f;
  const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
  Block block{};
  block.d = f32_to_f16(scale);
  block.m = f32_to_f16(low);
  for (std::size_t i = 0; i < 32; ++i) {
    const auto q = static_cast<unsigned>(std::min(31.0f, (x[i] - low) * inverse + 0.5f));
    block.qs[i % 16] = static_cast<std::uint8_t>(block.qs[i % 16] | (q & 15) << (i / 16 * 4));
    block.qh[i / 8] = static_cast<std::uint8_t>(block.qh[i / 8] | (q >> 4) << (i % 8));
  }
  return block;
}

}  // namespace

extern const Format kQ5_1Format;
const Format kQ5_1Format =
    block_format<Block, Decoded, decode, quantize>(gguf::TensorType::kQ5_1, "Q5_1");

}  // namespace nearside::kernels
