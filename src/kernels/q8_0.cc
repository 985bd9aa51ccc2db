// Q8_0: 32 weights d * q, q of 8 bits. Source: ggml-common.h, block_q8_0.
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

Block quantize(const float* x) {
  float magnitude = 0;
  for (std::size_t i = 0; i < 32; ++i) magnitude = std::fmax(magnitude, std::fabs(x[i]));
  const float scale = magnitude / 127.0f;
  const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
  Block block;
  block.d = f32_to_f16(scale);
  for (std::size_t i = 0; i < 32; ++i)
    block.qs[i] = static_cast<std::int8_t>(std::round(x[i] * inverse));
  return block;
}

}  // namespace

extern const Format kQ8_0Format;
const Format kQ8_0Format =
    block_format<Block, Decoded, decode, quantize>(gguf::TensorType::kQ8_0, "Q8_0");

}  // namespace nearside::kernels
