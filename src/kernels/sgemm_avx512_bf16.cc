#include "kernels/sgemm_tiles.h"

#if defined(__x86_64__)
#include <bit>

#include <immintrin.h>

namespace nearside::kernels {
namespace {

constexpr std::size_t kRows = 14;
constexpr std::size_t kLanes = 16;
constexpr std::size_t kColumns = 2 * kLanes;

// Two neighbouring depths of one column in one word, the earlier in its lower half: what the
// instruction multiplies pairwise. An odd last depth is paired with zero.
void convert(float* panel, std::size_t depth, std::size_t width) {
  auto* out = reinterpret_cast<char*>(panel);
  for (std::size_t p = 0; p < depth; p += 2) {
    const float* even = panel + p * width;
    for (std::size_t i = 0; i < width; i += kLanes, out += 4 * kLanes) {
      const std::size_t left = width - i;
      const auto mask = static_cast<__mmask16>(left >= kLanes ? 0xFFFFU : (1U << left) - 1);
      const __m512 low = _mm512_maskz_loadu_ps(mask, even + i);
      const __m512 high =
          p + 1 < depth ? _mm512_maskz_loadu_ps(mask, even + width + i) : _mm512_setzero_ps();
      const __m512i low_bits =
          _mm512_cvtepu16_epi32(std::bit_cast<__m256i>(_mm512_cvtneps_pbh(low)));
      const __m512i high_bits =
          _mm512_cvtepu16_epi32(std::bit_cast<__m256i>(_mm512_cvtneps_pbh(high)));
      _mm512_mask_storeu_epi32(out, mask,
                               _mm512_or_si512(low_bits, _mm512_slli_epi32(high_bits, 16)));
    }
    if (width % kLanes != 0) out -= 4 * (kLanes - width % kLanes);
  }
}

void tile(std::size_t depth, const float* a, const float* b, float* c, std::size_t c_stride,
          bool accumulate) {
  __m512 sums[kRows][2];
#pragma GCC unroll 14
  for (std::size_t i = 0; i < kRows; ++i) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  for (std::size_t p = 0; p < depth; p += 2, a += kRows, b += kColumns) {
    const auto b0 = std::bit_cast<__m512bh>(_mm512_loadu_ps(b));
    const auto b1 = std::bit_cast<__m512bh>(_mm512_loadu_ps(b + kLanes));
#pragma GCC unroll 14
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto ai = std::bit_cast<__m512bh>(_mm512_set1_ps(a[i]));
      sums[i][0] = _mm512_dpbf16_ps(sums[i][0], ai, b0);
      sums[i][1] = _mm512_dpbf16_ps(sums[i][1], ai, b1);
    }
  }
#pragma GCC unroll 14
  for (std::size_t i = 0; i < kRows; ++i) {
    float* to = c + i * c_stride;
    if (accumulate) {
      sums[i][0] = _mm512_add_ps(sums[i][0], _mm512_loadu_ps(to));
      sums[i][1] = _mm512_add_ps(sums[i][1], _mm512_loadu_ps(to + kLanes));
    }
    _mm512_storeu_ps(to, sums[i][0]);
    _mm512_storeu_ps(to + kLanes, sums[i][1]);
  }
}

}  // namespace

const SgemmKernel& sgemm_avx512_bf16() {
  static const SgemmKernel kernel{"avx512_bf16", kRows, kColumns, &tile, &convert};
  return kernel;
}

}  // namespace nearside::kernels
#endif
