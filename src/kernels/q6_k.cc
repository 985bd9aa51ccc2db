// Q6_K: 256 weights in 16 sub-blocks, d * scale * (q - 32), q of 6 bits, scales of 8.
// Source: ggml-common.h, block_q6_K.

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

Block quantize(const float* x) {
  const std::array<float, 16> found = find_scales_of_16(x, 32);
  const float extreme = of_largest_magnitude(found.data(), found.size());
  Block block{};
  block.d = f32_to_f16(extreme / -128.0f);  // the largest scale falls on -128
  const float d = f16_to_f32(block.d);
  for (std::size_t sub = 0; sub < 16; ++sub)
    block.scales[sub] = static_cast<std::int8_t>(quantize_to_grid(found[sub], d, -128, 127));
  for (std::size_t i = 0; i < 256; ++i) {
    const float scale = d * static_cast<float>(block.scales[i / 16]);
    block.set(i, quantize_to_grid(x[i], scale, -32, 31) + 32);
  }
  return block;
}

}  // namespace

extern const Format kQ6_KFormat;
const Format kQ6_KFormat =
    block_format<Block, Decoded, decode, quantize>(gguf::TensorType::kQ6_K, "Q6_K");

}  // namespace nearside::kernels
