// Q4_K: 256 weights in 8 sub-blocks, d * scale * q - dmin * minimum, q of 4 bits, scales and minima
// of 6. Source: ggml-common.h, block_q4_K.
#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/k_scales.h"

namespace nearside::kernels {

namespace {

struct Block {
  std::uint16_t d;
  std::uint16_t dmin;
  std::uint8_t scales[12];
  std::uint8_t qs[128];  // 32 bytes a pair of sub-blocks: the first in the low halves
};
static_assert(sizeof(Block) == 144);
using Decoded = DecodedBlock<256, 32>;

void decode(const Block& block, Decoded& out) {
  const float d = f16_to_f32(block.d);
  const float dmin = f16_to_f32(block.dmin);
  const KScales scales = unpack_k_scales(block.scales);
  for (std::size_t sub = 0; sub < 8; ++sub) {
    out.scale[sub] = d * static_cast<float>(scales.scale[sub]);
    out.minimum[sub] = dmin * static_cast<float>(scales.minimum[sub]);
  }
  for (std::size_t pair = 0; pair < 4; ++pair) {
    for (std::size_t i = 0; i < 32; ++i) {
      const std::uint8_t byte = block.qs[32 * pair + i];
      out.q[64 * pair + i] = static_cast<std::int8_t>(byte & 15);
      out.q[64 * pair + 32 + i] = static_cast<std::int8_t>(byte >> 4);
    }
  }
}

Block quantize(const float* x) {
  const KBlockFit fit = fit_k_block(x, 15);
  Block block;
  block.d = fit.d;
  block.dmin = fit.dmin;
  pack_k_scales(fit.scales, block.scales);
  for (std::size_t i = 0; i < 128; ++i) {
    const std::size_t low = i / 32 * 64 + i % 32;
    block.qs[i] = static_cast<std::uint8_t>(fit.q[low] | fit.q[low + 32] << 4);
  }
  return block;
}

}  // namespace

extern const Format kQ4_KFormat;
const Format kQ4_KFormat =
    block_format<Block, Decoded, decode, quantize>(gguf::TensorType::kQ4_K, "Q4_K");

}  // namespace nearside::kernels
