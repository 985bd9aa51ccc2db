// Q8_0's block, which others with one scale for 32 small integers can be written as exactly.
#pragma once

#include <algorithm>

#include "kernels/decoded_block.h"

namespace nearside::kernels {

/// Source: ggml-common.h, block_q8_0.
struct Q8_0Block {
  std::uint16_t d;
  std::int8_t qs[32];
};
static_assert(sizeof(Q8_0Block) == 34);

/// Format::Wider::widen_row for a format whose blocks begin with the f16 scale.
template <typename Block, typename Decoded, void (*kDecode)(const Block&, Decoded&)>
void widen_to_q8_0(const std::byte* row, std::size_t columns, std::byte* out) {
  static_assert(Decoded::kElementCount == 32 && Decoded::kSubCount == 1);
  Decoded decoded;
  for (std::size_t c = 0; c < columns; c += 32, row += sizeof(Block), out += sizeof(Q8_0Block)) {
    Block block;
    std::memcpy(&block, row, sizeof block);
    kDecode(block, decoded);
    Q8_0Block wide;
    wide.d = block.d;
    std::copy(decoded.q.begin(), decoded.q.end(), wide.qs);
    std::memcpy(out, &wide, sizeof wide);
  }
}

}  // namespace nearside::kernels
