// The vocabulary of vector_rows.h in AVX-512. Only files compiled for it include this.
#pragma once

#include <cstddef>
#include <cstdint>

#include <immintrin.h>

namespace nearside::kernels {
namespace {

struct Avx512Vector {
  using F = __m512;
  static constexpr std::size_t kLanes = 16;
  // float_tiles.h: 6 x 4 sums leave 8 of 32 registers for weights and activations.
  static constexpr int kTileRows = 6;
  static constexpr int kTileTokens = 4;

  /// The first `count` lanes; count <= 16.
  static __mmask16 first_lanes(std::size_t count) {
    return static_cast<__mmask16>((1u << count) - 1u);
  }
  /// attention_tiles.h: queries whose sums, four vectors each, stay in registers.
  static constexpr std::size_t kPairTileQueries = 6;
  static F set(float value) { return _mm512_set1_ps(value); }
  static F load(const float* x) { return _mm512_loadu_ps(x); }
  static F load_part(const float* x, std::size_t count) {
    return _mm512_maskz_loadu_ps(first_lanes(count), x);
  }
  static void store(float* x, F v) { _mm512_storeu_ps(x, v); }
  static void store_part(float* x, F v, std::size_t count) {
    _mm512_mask_storeu_ps(x, first_lanes(count), v);
  }
  static F load_half(const std::uint16_t* x) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  }
  static F load_half_part(const std::uint16_t* x, std::size_t count) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first_lanes(count), x));
  }
  static F load_bytes(const std::int8_t* x) {
    return _mm512_cvtepi32_ps(
        _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x))));
  }
  static F load_bfloat(const std::uint16_t* x) {
    return widen_bfloat(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  }
  static F load_bfloat_part(const std::uint16_t* x, std::size_t count) {
    return widen_bfloat(_mm256_maskz_loadu_epi16(first_lanes(count), x));
  }
  static F widen_bfloat(__m256i halves) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }
  static void store_half(std::uint16_t* x, F v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(x),
                        _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }
  static void store_half_part(std::uint16_t* x, F v, std::size_t count) {
    _mm256_mask_storeu_epi16(x, first_lanes(count), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }
  /// Zero in all lanes but the first `count`.
  static F first(F v, std::size_t count) { return _mm512_maskz_mov_ps(first_lanes(count), v); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static F div(F a, F b) { return _mm512_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  /// Both return b where a is not a number.
  static F min(F a, F b) { return _mm512_min_ps(a, b); }
  static F max(F a, F b) { return _mm512_max_ps(a, b); }
  static F max_first(F a, F b, std::size_t count) {
    return _mm512_mask_max_ps(a, first_lanes(count), a, b);
  }
  static F round(F v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT); }
  static F times_power_of_two(F v, F exponent) { return _mm512_scalef_ps(v, exponent); }
  static F zero_where_less(F x, F bound, F v) {
    return _mm512_mask_mov_ps(v, _mm512_cmp_ps_mask(x, bound, _CMP_LT_OQ), _mm512_setzero_ps());
  }
  static bool any_equal(F a, F b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ) != 0; }
  static float reduce_add(F v) { return _mm512_reduce_add_ps(v); }
  static float reduce_max(F v) { return _mm512_reduce_max_ps(v); }
  /// x0 x0 x1 x1 ... of 8 values.
  static F load_doubled(const float* x) {
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(_mm256_loadu_ps(x)));
  }
  static F swap_pairs(F v) { return _mm512_permute_ps(v, 0xb1); }
  /// Two floats, repeated.
  static F set_pair(const float* pair) {
    double both;
    __builtin_memcpy(&both, pair, sizeof both);
    return _mm512_castpd_ps(_mm512_set1_pd(both));
  }
  /// a0 + a1, a2 + a3, ..., b0 + b1, ...
  static F add_pairs(F a, F b) {
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    return _mm512_add_ps(_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b));
  }
  /// a * b -/+ c: minus in even lanes, plus in odd ones.
  static F fma_add_sub(F a, F b, F c) { return _mm512_fmaddsub_ps(a, b, c); }
};

}  // namespace
}  // namespace nearside::kernels
