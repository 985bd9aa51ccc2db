// Q5_K: as Q4_K with a fifth bit for each weight. Source: ggml-common.h, block_q5_K.
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
  std::uint8_t qh[32];   // bit s of byte i: the fifth bit of element i of sub-block s
  std::uint8_t qs[128];  // as in Q4_K
};
static_assert(sizeof(Block) == 176);
using Decoded = DecodedBlock<256, 32>;

void decode(const Block& block, Decoded& out) {
  const float d = f16_to_f32(block.d);
  const float dmin = f16_to_f32(block.dmin);
  const KScales scales = unpack_k_scales(block.scales);
  for (std::size_t sub = 0; sub < 8; ++sub) {
    out.scale[sub] = d * static_cast<float>(scales.scale[sub]);
    out.minimum[sub] = dmin * static_cast<float>(scales.minimum[sub]);
    for (std::size_t i = 0; i < 32; ++i) {
      const int low = block.qs[32 * (sub / 2) + i] >> (sub % 2 * 4) & 15;
      out.q[32 * sub + i] = static_cast<std::int8_t>(low | (block.qh[i] >> sub & 1) << 4);
    }
  }
}

Block quantize(const float* x) {
  const KBlockFit fit = fit_k_block(x, 31);
  Block block{};
  block.d = fit.d;
  block.dmin = fit.dmin;
  pack_k_scales(fit.scales, block.scales);
  for (std::size_t i = 0; i < 256; ++i) {
    const std::size_t sub = i / 32;
    std::uint8_t& low = block.qs[32 * (sub / 2) + i % 32];
    low = static_cast<std::uint8_t>(low | (fit.q[i] & 15) << (sub % 2 * 4));
    std::uint8_t& high = block.qh[i % 32];
    high = static_cast<std::uint8_t>(high | (fit.q[i] >> 4) << sub);
  }
  return block;
}

}  // namespace

extern const Format kQ5_KFormat;
const Format kQ5_KFormat =
    block_format<Block, Decoded, decode, quantize>(gguf::TensorType::kQ5_K, "Q5_K");

}  // namespace nearside::kernels
