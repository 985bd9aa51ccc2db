// The vocabulary of vector_rows.h in AVX2 with FMA and F16C. Only files compiled for them include
// this.
#pragma once

#include <cstddef>
#include <cstdint>

#include <immintrin.h>

namespace nearside::kernels {
namespace {

struct Avx2Vector {
  using F = __m256;
  static constexpr std::size_t kLanes = 8;
  // float_tiles.h: 3 x 4 sums leave 4 of 16 registers for weights and activations.
  static constexpr int kTileRows = 3;
  static constexpr int kTileTokens = 4;

  /// All bits set in the first `count` lanes; count <= 8.
  static __m256i first_lanes(std::size_t count) {
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), index);
  }
  /// attention_tiles.h: queries whose sums, four vectors each, stay in registers.
  static constexpr std::size_t kPairTileQueries = 3;
  static F set(float value) { return _mm256_set1_ps(value); }
  static F load(const float* x) { return _mm256_loadu_ps(x); }
  static F load_part(const float* x, std::size_t count) {
    return _mm256_maskload_ps(x, first_lanes(count));
  }
  static void store(float* x, F v) { _mm256_storeu_ps(x, v); }
  static void store_part(float* x, F v, std::size_t count) {
    _mm256_maskstore_ps(x, first_lanes(count), v);
  }
  static F load_half(const std::uint16_t* x) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
  }
  static F load_half_part(const std::uint16_t* x, std::size_t count) {
    std::uint16_t padded[kLanes] = {};
    __builtin_memcpy(padded, x, count * 2);
    return load_half(padded);
  }
  static F load_bytes(const std::int8_t* x) {
    return _mm256_cvtepi32_ps(
        _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x))));
  }
  static F load_bfloat(const std::uint16_t* x) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }
  static F load_bfloat_part(const std::uint16_t* x, std::size_t count) {
    std::uint16_t padded[kLanes] = {};
    __builtin_memcpy(padded, x, count * 2);
    return load_bfloat(padded);
  }
  static void store_half(std::uint16_t* x, F v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(x), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
  }
  static void store_half_part(std::uint16_t* x, F v, std::size_t count) {
    std::uint16_t padded[kLanes];
    store_half(padded, v);
    __builtin_memcpy(x, padded, count * 2);
  }
  /// Zero in all lanes but the first `count`.
  static F first(F v, std::size_t count) {
    return _mm256_and_ps(v, _mm256_castsi256_ps(first_lanes(count)));
  }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static F div(F a, F b) { return _mm256_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  /// Both return b where a is not a number.
  static F min(F a, F b) { return _mm256_min_ps(a, b); }
  static F max(F a, F b) { return _mm256_max_ps(a, b); }
  static F max_first(F a, F b, std::size_t count) {
    return _mm256_blendv_ps(a, max(a, b), _mm256_castsi256_ps(first_lanes(count)));
  }
  static F round(F v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  /// REQUIRES: the exponent within -126..127.
  static F times_power_of_two(F v, F exponent) {
    const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(exponent), _mm256_set1_epi32(127));
    return _mm256_mul_ps(v, _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23)));
  }
  static F zero_where_less(F x, F bound, F v) {
    return _mm256_andnot_ps(_mm256_cmp_ps(x, bound, _CMP_LT_OQ), v);
  }
  static bool any_equal(F a, F b) {
    return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)) != 0;
  }
  static float reduce_add(F v) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
  }
  static float reduce_max(F v) {
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
  }
  /// x0 x0 x1 x1 ... of 4 values.
  static F load_doubled(const float* x) {
    const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    return _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(x)), twice);
  }
  static F swap_pairs(F v) { return _mm256_permute_ps(v, 0xb1); }
  /// Two floats, repeated.
  static F set_pair(const float* pair) {
    double both;
    __builtin_memcpy(&both, pair, sizeof both);
    return _mm256_castpd_ps(_mm256_set1_pd(both));
  }
  /// a0 + a1, a2 + a3, ..., b0 + b1, ...
  static F add_pairs(F a, F b) {
    const F quarters = _mm256_hadd_ps(a, b);  // of a, b, a, b
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(quarters), 0xd8));
  }
  /// a * b -/+ c: minus in even lanes, plus in odd ones.
  static F fma_add_sub(F a, F b, F c) { return _mm256_fmaddsub_ps(a, b, c); }
};

}  // namespace
}  // namespace nearside::kernels
