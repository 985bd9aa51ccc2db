// The vocabulary of vector_rows.h in NEON (ARMv8). Only files compiled for it include this.
#pragma once

#include <cstddef>
#include <cstdint>

#include <arm_neon.h>

namespace nearside::kernels {
namespace {

struct NeonVector {
  using F = float32x4_t;
  static constexpr std::size_t kLanes = 4;
  // float_tiles.h: 5 x 4 sums leave 12 of 32 registers for weights and activations.
  static constexpr int kTileRows = 5;
  static constexpr int kTileTokens = 4;
  /// attention_tiles.h: queries whose sums, four vectors each, stay in registers.
  static constexpr std::size_t kPairTileQueries = 6;

  /// All bits set in the first `count` lanes.
  static uint32x4_t first_lanes(std::size_t count) {
    const std::uint32_t index[kLanes] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(index), vdupq_n_u32(static_cast<std::uint32_t>(count)));
  }
  static F set(float value) { return vdupq_n_f32(value); }
  static F load(const float* x) { return vld1q_f32(x); }
  static F load_part(const float* x, std::size_t count) {
    float padded[kLanes] = {};
    __builtin_memcpy(padded, x, count * sizeof(float));
    return load(padded);
  }
  static void store(float* x, F v) { vst1q_f32(x, v); }
  static void store_part(float* x, F v, std::size_t count) {
    float padded[kLanes];
    store(padded, v);
    __builtin_memcpy(x, padded, count * sizeof(float));
  }
  static F load_half(const std::uint16_t* x) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(x)));
  }
  static F load_half_part(const std::uint16_t* x, std::size_t count) {
    std::uint16_t padded[kLanes] = {};
    __builtin_memcpy(padded, x, count * 2);
    return load_half(padded);
  }
  static F load_bytes(const std::int8_t* x) {
    std::int32_t four;
    __builtin_memcpy(&four, x, sizeof four);
    const int8x8_t bytes = vreinterpret_s8_s32(vdup_n_s32(four));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(bytes))));
  }
  static F load_bfloat(const std::uint16_t* x) {
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(x), 16));
  }
  static F load_bfloat_part(const std::uint16_t* x, std::size_t count) {
    std::uint16_t padded[kLanes] = {};
    __builtin_memcpy(padded, x, count * 2);
    return load_bfloat(padded);
  }
  /// Rounds to nearest, ties to even, as long as nobody has set FPCR otherwise.
  static void store_half(std::uint16_t* x, F v) {
    vst1_u16(x, vreinterpret_u16_f16(vcvt_f16_f32(v)));
  }
  static void store_half_part(std::uint16_t* x, F v, std::size_t count) {
    std::uint16_t padded[kLanes];
    store_half(padded, v);
    __builtin_memcpy(x, padded, count * 2);
  }
  /// Zero in all lanes but the first `count`.
  static F first(F v, std::size_t count) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), first_lanes(count)));
  }
  static F add(F a, F b) { return vaddq_f32(a, b); }
  static F sub(F a, F b) { return vsubq_f32(a, b); }
  static F mul(F a, F b) { return vmulq_f32(a, b); }
  static F div(F a, F b) { return vdivq_f32(a, b); }
  static F fma(F a, F b, F c) { return vfmaq_f32(c, a, b); }
  /// Both return b where a is not a number.
  static F min(F a, F b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static F max(F a, F b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static F max_first(F a, F b, std::size_t count) {
    return vbslq_f32(first_lanes(count), max(a, b), a);
  }
  static F round(F v) { return vrndnq_f32(v); }
  /// REQUIRES: the exponent within -126..127.
  static F times_power_of_two(F v, F exponent) {
    const int32x4_t biased = vaddq_s32(vcvtnq_s32_f32(exponent), vdupq_n_s32(127));
    return vmulq_f32(v, vreinterpretq_f32_s32(vshlq_n_s32(biased, 23)));
  }
  static F zero_where_less(F x, F bound, F v) {
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(v), vcltq_f32(x, bound)));
  }
  static bool any_equal(F a, F b) { return vmaxvq_u32(vceqq_f32(a, b)) != 0; }
  static float reduce_add(F v) { return vaddvq_f32(v); }
  static float reduce_max(F v) { return vmaxnmvq_f32(v); }
  /// x0 x0 x1 x1.
  static F load_doubled(const float* x) {
    const float32x2_t pair = vld1_f32(x);
    return vcombine_f32(vdup_lane_f32(pair, 0), vdup_lane_f32(pair, 1));
  }
  static F swap_pairs(F v) { return vrev64q_f32(v); }
  /// Two floats, repeated.
  static F set_pair(const float* pair) {
    const float32x2_t both = vld1_f32(pair);
    return vcombine_f32(both, both);
  }
  /// a0 + a1, a2 + a3, b0 + b1, b2 + b3.
  static F add_pairs(F a, F b) { return vpaddq_f32(a, b); }
  /// a * b -/+ c: minus in even lanes, plus in odd ones.
  static F fma_add_sub(F a, F b, F c) {
    const std::uint32_t even_signs[kLanes] = {0x80000000U, 0, 0x80000000U, 0};
    const uint32x4_t turned = veorq_u32(vreinterpretq_u32_f32(c), vld1q_u32(even_signs));
    return vfmaq_f32(vreinterpretq_f32_u32(turned), a, b);
  }
};

}  // namespace
}  // namespace nearside::kernels
