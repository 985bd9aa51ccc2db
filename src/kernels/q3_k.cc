// Q3_K: 256 weights in 16 sub-blocks, d * (scale - 32) * (q - 4), q of 3 bits, scales of 6.
// Source: ggml-common.h, block_q3_K; ggml-quants.c, dequantize_row_q3_K.
#include "kernels/decoded_block.h"
#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/q6_k_block.h"
#include "kernels/scale_search.h"

namespace nearside::kernels {

namespace {

struct Block {
  std::uint8_t hmask[32];  // bit k of byte i: the third bit of element 32k + i
  std::uint8_t qs[64];     // 32 bytes for 128 elements: bits 2k.. of byte i for element 32k + i
  std::uint8_t
      scales[12];  // low 4 bits of scales 0..15 in the halves of bytes 0..7 (8..15 in the
                   // high ones), then their high 2 bits: bits 2k.. of byte 8 + i for 4k + i
  std::uint16_t d;
};
static_assert(sizeof(Block) == 110);
using Decoded = DecodedBlock<256, 16>;

int unpack_scale(const Block& block, std::size_t sub) {
  const int low = block.scales[sub % 8] >> (sub / 8 * 4) & 15;
  const int high = block.scales[8 + sub % 4] >> (sub / 4 * 2) & 3;
  return (low | high << 4) - 32;
}

void pack_scale(int scale, std::size_t sub, Block& block) {
  const int stored = scale + 32;
  std::uint8_t& low = block.scales[sub % 8];
  low = static_cast<std::uint8_t>(low | (stored & 15) << (sub / 8 * 4));
  std::uint8_t& high = block.scales[8 + sub % 4];
  high = static_cast<std::uint8_t>(high | (stored >> 4) << (sub / 4 * 2));
}

int unpack_q(const Block& block, std::size_t i) {
  const int low = block.qs[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
  const int high = block.hmask[i % 32] >> (i / 32) & 1;
  return (low | high << 2) - 4;
}

void decode(const Block& block, Decoded& out) {
  const float d = f16_to_f32(block.d);
  for (std::size_t sub = 0; sub < 16; ++sub)
    out.scale[sub] = d * static_cast<float>(unpack_scale(block, sub));
  for (std::size_t i = 0; i < 256; ++i) out.q[i] = static_cast<std::int8_t>(unpack_q(block, i));
}

Block quantize(const float* x) {
  const std::array<float, 16> found = find_scales_of_16(x, 4);
  const float extreme = of_largest_magnitude(found.data(), found.size());
  Block block{};
  block.d = f32_to_f16(extreme / -32.0f);  // the largest scale falls on -32
  const float d = f16_to_f32(block.d);
  for (std::size_t sub = 0; sub < 16; ++sub) {
    const int scale = quantize_to_grid(found[sub], d, -32, 31);
    pack_scale(scale, sub, block);
    for (std::size_t i = 16 * sub; i < 16 * (sub + 1); ++i) {
      const int q = quantize_to_grid(x[i], d * static_cast<float>(scale), -4, 3) + 4;
      std::uint8_t& low = block.qs[i / 128 * 32 + i % 32];
      low = static_cast<std::uint8_t>(low | (q & 3) << (i % 128 / 32 * 2));
      std::uint8_t& high = block.hmask[i % 32];
      high = static_cast<std::uint8_t>(high | (q >> 2) << (i / 32));
    }
  }
  return block;
}

/// Q6_K says the same: wider integers, scales of 8 bits.
void widen(const std::byte* row, std::size_t columns, std::byte* out) {
  for (std::size_t c = 0; c < columns; c += 256, row += sizeof(Block), out += sizeof(Q6_KBlock)) {
    Block block;
    std::memcpy(&block, row, sizeof block);
    Q6_KBlock wide{};
    wide.d = block.d;
    for (std::size_t sub = 0; sub < 16; ++sub)
      wide.scales[sub] = static_cast<std::int8_t>(unpack_scale(block, sub));
    for (std::size_t i = 0; i < 256; ++i) wide.set(i, unpack_q(block, i) + 32);
    std::memcpy(out, &wide, sizeof wide);
  }
}

}  // namespace

extern const Format kQ3_KFormat;
const Format kQ3_KFormat = block_format<Block, Decoded, decode, quantize>(
    gguf::TensorType::kQ3_K, "Q3_K", {.type = gguf::TensorType::kQ6_K, .widen_row = widen});

}  // namespace nearside::kernels
