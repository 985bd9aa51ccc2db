// Eight scales and eight minima of 6 bits each in 12 bytes, as Q4_K and Q5_K keep them.
//
// The first four of each lie in the low 6 bits of bytes 0..3 and 4..7. The last four have their low
// 4 bits in bytes 8..11 (scale low, minimum high) and their upper 2 in the top bits of bytes 0..3
// and 4..7. Source: ggml-common.h, block_q4_K; ggml-quants.c, get_scale_min_k4.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearside::kernels {

struct KScales {
  std::uint8_t scale[8];
  std::uint8_t minimum[8];
};

KScales unpack_k_scales(const std::uint8_t* packed);
void pack_k_scales(const KScales& scales, std::uint8_t* packed);

/// The search that Q4_K and Q5_K share: 8 sub-blocks of 32 with levels 0..levels.
struct KBlockFit {
  std::uint16_t d;  // f16 bits
  std::uint16_t dmin;
  KScales scales;
  std::uint8_t q[256];
};
KBlockFit fit_k_block(const float* x, int levels);

}  // namespace nearside::kernels
