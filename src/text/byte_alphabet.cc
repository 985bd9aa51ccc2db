#include "text/byte_alphabet.h"

#include <array>

#include "text/characters.h"

namespace nearside::text {

namespace {

constexpr char32_t kCodeEnd = 0x144;  // 256 + 68, one past the last character used

struct Alphabet {
  std::array<std::string, 256> spelling;
  std::array<std::int16_t, kCodeEnd> byte;  // -1: stands for no byte
};

Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.byte.fill(-1);
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool itself = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    const char32_t code = itself ? byte : next++;
    append_utf8(code, alphabet.spelling[byte]);
    alphabet.byte[code] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

const Alphabet& alphabet() {
  static const Alphabet instance = make_alphabet();
  return instance;
}

}  // namespace

std::string_view byte_spelling(std::uint8_t byte) { return alphabet().spelling[byte]; }

std::string spell_bytes(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) out += byte_spelling(static_cast<std::uint8_t>(byte));
  return out;
}

std::optional<std::string> unspell_bytes(std::string_view spelling) {
  std::string out;
  out.reserve(spelling.size());
  for (std::size_t at = 0; at < spelling.size();) {
    const DecodedCharacter character = decode_character(spelling, at);
    if (character.bytes == 0 || character.code >= kCodeEnd) return std::nullopt;
    const std::int16_t byte = alphabet().byte[character.code];
    if (byte < 0) return std::nullopt;
    out.push_back(static_cast<char>(byte));
    at += character.bytes;
  }
  return out;
}

}  // namespace nearside::text
