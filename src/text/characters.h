// Text as code points with the few Unicode properties that pre-tokenizers ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nearside::text {

/// Property bits of a code point. Source: Unicode general categories, White_Space property.
enum CharacterBits : std::uint8_t {
  kLetter = 1U << 0,       // L
  kNumber = 1U << 1,       // N
  kMark = 1U << 2,         // M
  kPunctuation = 1U << 3,  // P
  kSymbol = 1U << 4,       // S
  kSpace = 1U << 5,        // White_Space
  kUpperLike = 1U << 6,    // Lu, Lt, Lm, Lo, M: may stand in the upper-case run of a word
  kLowerLike = 1U << 7,    // Ll, Lm, Lo, M: may stand in the lower-case run of a word
};

std::uint8_t character_bits(char32_t code);

/// One code point of UTF-8. `bytes` is 0 where no well-formed character starts.
struct DecodedCharacter {
  char32_t code = 0;
  std::size_t bytes = 0;
};
/// REQUIRES: at < text.size().
DecodedCharacter decode_character(std::string_view text, std::size_t at);
void append_utf8(char32_t code, std::string& out);
inline std::size_t utf8_bytes(char32_t code) {
  return code < 0x80 ? 1U : code < 0x800 ? 2U : code < 0x10000 ? 3U : 4U;
}

/// `text` with U+FFFD in place of each byte that belongs to no well-formed character. Overlong
/// forms, surrogates and code points above U+10FFFF count as bad bytes.
std::string replace_bad_bytes(std::string_view text);

/// Parallel arrays, one entry for each character.
struct Characters {
  std::vector<char32_t> code;
  std::vector<std::uint8_t> bits;

  /// REQUIRES: `text` is valid UTF-8.
  explicit Characters(std::string_view text);
};

}  // namespace nearside::text
