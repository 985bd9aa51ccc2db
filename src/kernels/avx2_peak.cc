#include <immintrin.h>

#include "kernels/peak_loops.h"

namespace nearside::kernels {

namespace {

constexpr std::uint64_t kChains = 12;  // more than latency times throughput

// Written as instructions: compilers keep such an array of sums in memory and measure that instead.
void clear_registers() {
  asm volatile(
      "vpxor %%ymm0, %%ymm0, %%ymm0\n"
      "vpxor %%ymm1, %%ymm1, %%ymm1\n"
      "vpxor %%ymm2, %%ymm2, %%ymm2\n"
      "vpxor %%ymm3, %%ymm3, %%ymm3\n"
      "vpxor %%ymm4, %%ymm4, %%ymm4\n"
      "vpxor %%ymm5, %%ymm5, %%ymm5\n"
      "vpxor %%ymm6, %%ymm6, %%ymm6\n"
      "vpxor %%ymm7, %%ymm7, %%ymm7\n"
      "vpxor %%ymm8, %%ymm8, %%ymm8\n"
      "vpxor %%ymm9, %%ymm9, %%ymm9\n"
      "vpxor %%ymm10, %%ymm10, %%ymm10\n"
      "vpxor %%ymm11, %%ymm11, %%ymm11\n"
      "vpxor %%ymm13, %%ymm13, %%ymm13\n"
      "vpxor %%ymm14, %%ymm14, %%ymm14\n"
      "vpxor %%ymm15, %%ymm15, %%ymm15\n" ::
          : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
            "xmm11", "xmm13", "xmm14", "xmm15");
}

double int8(std::uint64_t rounds) {
  clear_registers();
  for (std::uint64_t i = 0; i < rounds; ++i)
    asm volatile(
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm0, %%ymm0\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm1, %%ymm1\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm2, %%ymm2\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm3, %%ymm3\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm4, %%ymm4\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm5, %%ymm5\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm6, %%ymm6\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm7, %%ymm7\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm8, %%ymm8\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm9, %%ymm9\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm10, %%ymm10\n"
        "vpmaddubsw %%ymm15, %%ymm14, %%ymm13\n"
        "vpaddw %%ymm13, %%ymm11, %%ymm11\n" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
              "xmm10", "xmm11", "xmm13", "xmm14", "xmm15");
  return static_cast<double>(rounds * kChains) * 32 * 2;
}

double f32(std::uint64_t rounds) {
  clear_registers();
  for (std::uint64_t i = 0; i < rounds; ++i)
    asm volatile(
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm0\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm1\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm2\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm3\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm4\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm5\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm6\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm7\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm8\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm9\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm10\n"
        "vfmadd231ps %%ymm15, %%ymm14, %%ymm11\n" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
              "xmm10", "xmm11", "xmm13", "xmm14", "xmm15");
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
