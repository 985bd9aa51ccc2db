#include <immintrin.h>

#include "kernels/peak_loops.h"

namespace nearside::kernels {

namespace {

constexpr std::uint64_t kChains = 16;  // more than latency times throughput

// Written as instructions: compilers keep such an array of sums in memory and measure that instead.
void clear_registers() {
  asm volatile(
      "vpxorq %%zmm0, %%zmm0, %%zmm0\n"
      "vpxorq %%zmm1, %%zmm1, %%zmm1\n"
      "vpxorq %%zmm2, %%zmm2, %%zmm2\n"
      "vpxorq %%zmm3, %%zmm3, %%zmm3\n"
      "vpxorq %%zmm4, %%zmm4, %%zmm4\n"
      "vpxorq %%zmm5, %%zmm5, %%zmm5\n"
      "vpxorq %%zmm6, %%zmm6, %%zmm6\n"
      "vpxorq %%zmm7, %%zmm7, %%zmm7\n"
      "vpxorq %%zmm8, %%zmm8, %%zmm8\n"
      "vpxorq %%zmm9, %%zmm9, %%zmm9\n"
      "vpxorq %%zmm10, %%zmm10, %%zmm10\n"
      "vpxorq %%zmm11, %%zmm11, %%zmm11\n"
      "vpxorq %%zmm12, %%zmm12, %%zmm12\n"
      "vpxorq %%zmm13, %%zmm13, %%zmm13\n"
      "vpxorq %%zmm14, %%zmm14, %%zmm14\n"
      "vpxorq %%zmm15, %%zmm15, %%zmm15\n"
      "vpxorq %%zmm30, %%zmm30, %%zmm30\n"
      "vpxorq %%zmm31, %%zmm31, %%zmm31\n" ::
          : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
            "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm30", "xmm31");
}

double int8(std::uint64_t rounds) {
  clear_registers();
  for (std::uint64_t i = 0; i < rounds; ++i)
    asm volatile(
        "vpdpbusd %%zmm31, %%zmm30, %%zmm0\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm1\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm2\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm3\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm4\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm5\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm6\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm7\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm8\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm9\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm10\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm11\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm12\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm13\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm14\n"
        "vpdpbusd %%zmm31, %%zmm30, %%zmm15\n" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
              "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm30", "xmm31");
  return static_cast<double>(rounds * kChains) * 64 * 2;
}

double f32(std::uint64_t rounds) {
  clear_registers();
  for (std::uint64_t i = 0; i < rounds; ++i)
    asm volatile(
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm0\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm1\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm2\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm3\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm4\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm5\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm6\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm7\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm8\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm9\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm10\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm11\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm12\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm13\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm14\n"
        "vfmadd231ps %%zmm31, %%zmm30, %%zmm15\n" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
              "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm30", "xmm31");
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
