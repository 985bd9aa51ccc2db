// Q6_K's block and where its elements keep their bits. Source: ggml-common.h, block_q6_K.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearside::kernels {

/// Each half of 128 elements has four quarters of 32: the first two in the low halves of 64 bytes
/// of ql, the last two in the high halves; qh has two bits for each.
struct Q6_KBlock {
  std::uint8_t ql[128];  // low 4 bits
  std::uint8_t qh[64];   // high 2 bits
  std::int8_t scales[16];
  std::uint16_t d;

  /// Element i, 0..63.
  [[nodiscard]] int get(std::size_t i) const {
    return (ql[low_byte(i)] >> low_shift(i) & 15) | (qh[high_byte(i)] >> high_shift(i) & 3) << 4;
  }
  /// REQUIRES: the element is zero so far.
  void set(std::size_t i, int q) {
    std::uint8_t& low = ql[low_byte(i)];
    low = static_cast<std::uint8_t>(low | (q & 15) << low_shift(i));
    std::uint8_t& high = qh[high_byte(i)];
    high = static_cast<std::uint8_t>(high | (q >> 4) << high_shift(i));
  }

 private:
  static std::size_t quarter(std::size_t i) { return i % 128 / 32; }
  static std::size_t low_byte(std::size_t i) { return i / 128 * 64 + quarter(i) % 2 * 32 + i % 32; }
  static unsigned low_shift(std::size_t i) { return quarter(i) < 2 ? 0 : 4; }
  static std::size_t high_byte(std::size_t i) { return i / 128 * 32 + i % 32; }
  static unsigned high_shift(std::size_t i) { return static_cast<unsigned>(2 * quarter(i)); }
};
static_assert(sizeof(Q6_KBlock) == 210);

}  // namespace nearside::kernels
