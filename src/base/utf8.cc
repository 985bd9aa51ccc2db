#include "base/utf8.h"

#include <cstddef>
#include <cstdint>

namespace nearside::base {

namespace {

/// Bytes that may follow a lead byte: how many, and the range of the first of them. The others are
/// 80..BF.
struct Tail {
  std::size_t count;
  std::uint8_t first_least;
  std::uint8_t first_most;
};

Tail tail_of(std::uint8_t lead) {
  if (lead < 0x80) return {0, 0, 0};
  if (lead >= 0xC2 && lead <= 0xDF) return {1, 0x80, 0xBF};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2, 0x80, 0xBF};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {3, 0x80, 0xBF};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {1, 0xFF, 0x00};  // never a lead byte: no continuation fits
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Tail tail = tail_of(static_cast<std::uint8_t>(text[i]));
    if (tail.count > text.size() - i - 1) return false;
    for (std::size_t k = 1; k <= tail.count; ++k) {
      const auto byte = static_cast<std::uint8_t>(text[i + k]);
      const std::uint8_t least = k == 1 ? tail.first_least : std::uint8_t{0x80};
      const std::uint8_t most = k == 1 ? tail.first_most : std::uint8_t{0xBF};
      if (byte < least || byte > most) return false;
    }
    i += 1 + tail.count;
  }
  return true;
}

}  // namespace nearside::base
