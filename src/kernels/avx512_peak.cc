#include <immintrin.h>

#include "kernels/peak_loops.h"

namespace nearside::kernels {

namespace {

constexpr std::size_t kChains = 16;

// The empty asm statements keep the compiler from moving or merging the operations.
double int8(std::uint64_t rounds) {
  __m512i sums[kChains];
  for (__m512i& sum : sums) sum = _mm512_setzero_si512();
  __m512i a = _mm512_set1_epi8(1);
  __m512i b = _mm512_set1_epi8(-1);
  asm volatile("" : "+v"(a), "+v"(b));
  for (std::uint64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 16
    for (__m512i& sum : sums) {
      sum = _mm512_dpbusd_epi32(sum, a, b);
      asm volatile("" : "+v"(sum));
    }
  return static_cast<double>(rounds * kChains) * 64 * 2;
}

double f32(std::uint64_t rounds) {
  __m512 sums[kChains];
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  __m512 a = _mm512_set1_ps(1.0f);
  __m512 b = _mm512_set1_ps(-1.0f);
  asm volatile("" : "+v"(a), "+v"(b));
  for (std::uint64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 16
    for (__m512& sum : sums) {
      sum = _mm512_fmadd_ps(a, b, sum);
      asm volatile("" : "+v"(sum));
    }
  return static_cast<double>(rounds * kChains) * 16 * 2;
}

std::uint64_t read(const std::byte* data, std::size_t bytes) {
  __m512i sums[4];
  for (__m512i& sum : sums) sum = _mm512_setzero_si512();
  for (std::size_t i = 0; i < bytes; i += 256)
    for (std::size_t k = 0; k < 4; ++k)
      sums[k] = _mm512_add_epi64(sums[k], _mm512_loadu_si512(data + i + 64 * k));
  const __m512i total =
      _mm512_add_epi64(_mm512_add_epi64(sums[0], sums[1]), _mm512_add_epi64(sums[2], sums[3]));
  return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(total));
}

}  // namespace

PeakLoops avx512_peak_loops() { return {int8, f32, read}; }

}  // namespace nearside::kernels
