// Q6_K: 256 weights in 16 sub-blocks, d * scale * (q - 32), q of 6 bits, scales of 8.
// Source: ggml-common.h, block_q6_K.
#include <algorithm>
#include <cmath>

#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/q6_k_block.h"
#include "kernels/scale_search.h"

namespace nearside::kernels {

namespace {

using Block = Q6_KBlock;
using Decoded = DecodedBlock<256, 16>;

void decode(const Block& block, Decoded& out) {
  const float d = f16_to_f32(block.d);
  for (std::size_t sub = 0; sub < 16; ++sub)
    out.scale[sub] = d * static_cast<float>(block.scales[sub]);
  for (std::size_t i = 0; i < 256; ++i) out.q[i] = static_cast<std::int8_t>(block.get(i) - 32);
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
      block.set(i, quantize_to_grid(in[c + i], scale, -32, 31) + 32);
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
