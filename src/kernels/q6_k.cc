// Q6_K: 256 weights in 16 sub-blocks, d * scale * (q - 32), q of 6 bits, scales of 8.
// Source: ggml-common.h, block_q6_K.
#include <algorithm>
#include <cmath>

#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/scale_search.h"

namespace nearside::kernels {

namespace {

struct Block {
  std::uint8_t ql[128];  // low 4 bits
  std::uint8_t qh[64];   // high 2 bits
  std::int8_t scales[16];
  std::uint16_t d;
};
static_assert(sizeof(Block) == 210);
using Decoded = DecodedBlock<256, 16>;

/// Where element i keeps its bits. Each half of 128 elements has four quarters of 32: the first two
/// in the low halves of 64 bytes of ql, the last two in the high halves; qh has two bits for each.
struct Place {
  std::size_t low_byte;
  unsigned low_shift;
  std::size_t high_byte;
  unsigned high_shift;
};
Place place(std::size_t i) {
  const std::size_t half = i / 128;
  const std::size_t quarter = i % 128 / 32;
  return {half * 64 + quarter % 2 * 32 + i % 32, quarter < 2 ? 0u : 4u, half * 32 + i % 32,
          static_cast<unsigned>(2 * quarter)};
}

void decode(const Block& block, Decoded& out) {
  const float d = f16_to_f32(block.d);
  for (std::size_t sub = 0; sub < 16; ++sub)
    out.scale[sub] = d * static_cast<float>(block.scales[sub]);
  for (std::size_t i = 0; i < 256; ++i) {
    const Place p = place(i);
    const int q = (block.ql[p.low_byte] >> p.low_shift & 15) |
                  (block.qh[p.high_byte] >> p.high_shift & 3) << 4;
    out.q[i] = static_cast<std::int8_t>(q - 32);
  }
}

void quantize(const float* in, std::size_t columns, std::byte* row) {
  for (std::size_t c = 0; c < columns; c += 256, row += sizeof(Block)) {
    float found[16];
    float extreme = 0;
    for (std::size_t sub = 0; sub < 16; ++sub) {
      const float* x = in + c + 16 * sub;
      float weights[16];
      for (std::size_t i = 0; i < 16; ++i) weights[i] = x[i] * x[i];
      found[sub] = find_scale(x, weights, 16, 32);
      if (std::fabs(found[sub]) > std::fabs(extreme)) extreme = found[sub];
    }
    Block block{};
    block.d = f32_to_f16(extreme / -128.0f);  // the largest scale falls on -128
    const float d = f16_to_f32(block.d);
    for (std::size_t sub = 0; sub < 16; ++sub)
      block.scales[sub] = static_cast<std::int8_t>(quantize_to_grid(found[sub], d, -128, 127));
    for (std::size_t i = 0; i < 256; ++i) {
      const float scale = d * static_cast<float>(block.scales[i / 16]);
      const int q = quantize_to_grid(in[c + i], scale, -32, 31) + 32;
      const Place p = place(i);
      std::uint8_t& low = block.ql[p.low_byte];
      low = static_cast<std::uint8_t>(low | (q & 15) << p.low_shift);
      std::uint8_t& high = block.qh[p.high_byte];
      high = static_cast<std::uint8_t>(high | (q >> 4) << p.high_shift);
    }
    std::memcpy(row, &block, sizeof block);
  }
}

}  // namespace

extern const Format kQ6_KFormat;
const Format kQ6_KFormat = {
    .type = gguf::TensorType::kQ6_K,
    .name = "Q6_K",
    .block_elements = 256,
    .block_bytes = sizeof(Block),
    .activation = ActivationKind::kBlock256,
    .dequantize_row = dequantize_blocks<Block, Decoded, decode>,
    .quantize_row = quantize,
    .dot = dot_blocks<Block, Decoded, decode>,
};

}  // namespace nearside::kernels
