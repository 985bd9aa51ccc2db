// Q8_0: 32 weights d * q, q of 8 bits. Source: ggml-common.h, block_q8_0.
#include <algorithm>
#include <cmath>

#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/q8_0_block.h"

namespace nearside::kernels {

namespace {

using Block = Q8_0Block;
using Decoded = DecodedBlock<32, 32>;

void decode(const Block& block, Decoded& out) {
  out.scale[0] = f16_to_f32(block.d);
  std::copy_n(block.qs, 32, out.q.begin());
}

void quantize(const float* in, std::size_t columns, std::byte* row) {
  for (std::size_t c = 0; c < columns; c += 32, row += sizeof(Block)) {
    float magnitude = 0;
    for (std::size_t i = 0; i < 32; ++i) magnitude = std::fmax(magnitude, std::fabs(in[c + i]));
    const float scale = magnitude / 127.0f;
    const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
    Block block;
    block.d = f32_to_f16(scale);
    for (std::size_t i = 0; i < 32; ++i)
      block.qs[i] = static_cast<std::int8_t>(std::round(in[c + i] * inverse));
    std::memcpy(row, &block, sizeof block);
  }
}

}  // namespace

extern const Format kQ8_0Format;
const Format kQ8_0Format = {
    .type = gguf::TensorType::kQ8_0,
    .name = "Q8_0",
    .block_elements = 32,
    .block_bytes = sizeof(Block),
    .activation = ActivationKind::kBlock32,
    .dequantize_row = dequantize_blocks<Block, Decoded, decode>,
    .quantize_row = quantize,
    .dot = dot_blocks<Block, Decoded, decode>,
};

}  // namespace nearside::kernels
