#include "kernels/sgemm_tiles.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace nearside::kernels {
namespace {

constexpr std::size_t kRows = 14;
constexpr std::size_t kLanes = 16;
constexpr std::size_t kColumns = 2 * kLanes;

void tile(std::size_t depth, const float* a, const float* b, float* c, std::size_t c_stride,
          bool accumulate) {
  __m512 sums[kRows][2];
#pragma GCC unroll 14
  for (std::size_t i = 0; i < kRows; ++i) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  for (std::size_t p = 0; p < depth; ++p, a += kRows, b += kColumns) {
    const __m512 b0 = _mm512_loadu_ps(b);
    const __m512 b1 = _mm512_loadu_ps(b + kLanes);
#pragma GCC unroll 14
    for (std::size_t i = 0; i < kRows; ++i) {
      const __m512 ai = _mm512_set1_ps(a[i]);
      sums[i][0] = _mm512_fmadd_ps(ai, b0, sums[i][0]);
      sums[i][1] = _mm512_fmadd_ps(ai, b1, sums[i][1]);
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

const SgemmKernel& sgemm_avx512() {
  static const SgemmKernel kernel{"avx512", kRows, kColumns, &tile};
  return kernel;
}

}  // namespace nearside::kernels
#endif
