// A set of byte values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nearside::grammar {

struct ByteSet {
  std::array<std::uint64_t, 4> words{};

  static ByteSet of(std::uint8_t byte) { return range(byte, byte); }
  /// Both ends included.
  static ByteSet range(std::uint8_t first, std::uint8_t last) {
    ByteSet set;
    for (unsigned byte = first; byte <= last; ++byte) set.add(static_cast<std::uint8_t>(byte));
    return set;
  }
  void add(std::uint8_t byte) { words[byte >> 6] |= std::uint64_t{1} << (byte & 63); }
  void remove(std::uint8_t byte) { words[byte >> 6] &= ~(std::uint64_t{1} << (byte & 63)); }
  [[nodiscard]] bool has(std::uint8_t byte) const { return (words[byte >> 6] >> (byte & 63)) & 1; }
  [[nodiscard]] bool empty() const { return (words[0] | words[1] | words[2] | words[3]) == 0; }
  ByteSet& operator|=(const ByteSet& other) {
    for (std::size_t i = 0; i < words.size(); ++i) words[i] |= other.words[i];
    return *this;
  }
  bool operator==(const ByteSet&) const = default;
};

}  // namespace nearside::grammar
