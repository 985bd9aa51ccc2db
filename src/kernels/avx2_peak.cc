#include <immintrin.h>

#include "kernels/peak_loops.h"

namespace nearside::kernels {

namespace {

constexpr std::size_t kChains = 12;

// The empty asm statements keep the compiler from moving or merging the operations.
double int8(std::uint64_t rounds) {
  __m256i sums[kChains];
  for (__m256i& sum : sums) sum = _mm256_setzero_si256();
  __m256i a = _mm256_set1_epi8(1);
  __m256i b = _mm256_set1_epi8(-1);
  asm volatile("" : "+x"(a), "+x"(b));
  for (std::uint64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 12
    for (__m256i& sum : sums) {
      sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(a, b));
      asm volatile("" : "+x"(sum));
    }
  return static_cast<double>(rounds * kChains) * 32 * 2;
}

double f32(std::uint64_t rounds) {
  __m256 sums[kChains];
  for (__m256& sum : sums) sum = _mm256_setzero_ps();
  __m256 a = _mm256_set1_ps(1.0f);
  __m256 b = _mm256_set1_ps(-1.0f);
  asm volatile("" : "+x"(a), "+x"(b));
  for (std::uint64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 12
    for (__m256& sum : sums) {
      sum = _mm256_fmadd_ps(a, b, sum);
      asm volatile("" : "+x"(sum));
    }
  return static_cast<double>(rounds * kChains) * 8 * 2;
}

std::uint64_t read(const std::byte* data, std::size_t bytes) {
  __m256i sums[4];
  for (__m256i& sum : sums) sum = _mm256_setzero_si256();
  for (std::size_t i = 0; i < bytes; i += 128)
    for (std::size_t k = 0; k < 4; ++k)
      sums[k] = _mm256_add_epi64(
          sums[k], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + i + 32 * k)));
  const __m256i total =
      _mm256_add_epi64(_mm256_add_epi64(sums[0], sums[1]), _mm256_add_epi64(sums[2], sums[3]));
  alignas(32) std::uint64_t words[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(words), total);
  return words[0] + words[1] + words[2] + words[3];
}

}  // namespace

PeakLoops avx2_peak_loops() { return {int8, f32, read}; }

}  // namespace nearside::kernels
