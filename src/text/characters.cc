#include "text/characters.h"

#include <array>

#include <utf8proc.h>

#include "base/check.h"

namespace nearside::text {

namespace {

constexpr std::array<std::uint8_t, UTF8PROC_CATEGORY_CO + 1> bits_of_categories() {
  std::array<std::uint8_t, UTF8PROC_CATEGORY_CO + 1> bits{};
  bits[UTF8PROC_CATEGORY_LU] = kLetter | kUpperLike;
  bits[UTF8PROC_CATEGORY_LT] = kLetter | kUpperLike;
  bits[UTF8PROC_CATEGORY_LL] = kLetter | kLowerLike;
  bits[UTF8PROC_CATEGORY_LM] = kLetter | kUpperLike | kLowerLike;
  bits[UTF8PROC_CATEGORY_LO] = kLetter | kUpperLike | kLowerLike;
  for (const int mark : {UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_MC, UTF8PROC_CATEGORY_ME})
    bits[static_cast<std::size_t>(mark)] = kMark | kUpperLike | kLowerLike;
  for (const int number : {UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NL, UTF8PROC_CATEGORY_NO})
    bits[static_cast<std::size_t>(number)] = kNumber;
  for (const int mark :
       {UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PD, UTF8PROC_CATEGORY_PS, UTF8PROC_CATEGORY_PE,
        UTF8PROC_CATEGORY_PI, UTF8PROC_CATEGORY_PF, UTF8PROC_CATEGORY_PO})
    bits[static_cast<std::size_t>(mark)] = kPunctuation;
  for (const int symbol :
       {UTF8PROC_CATEGORY_SM, UTF8PROC_CATEGORY_SC, UTF8PROC_CATEGORY_SK, UTF8PROC_CATEGORY_SO})
    bits[static_cast<std::size_t>(symbol)] = kSymbol;
  // All of Z is White_Space; the controls that are too are added by code point.
  for (const int space : {UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZL, UTF8PROC_CATEGORY_ZP})
    bits[static_cast<std::size_t>(space)] = kSpace;
  return bits;
}
constexpr auto kBitsOfCategory = bits_of_categories();

std::uint8_t look_up(char32_t code) {
  if ((code >= 0x09 && code <= 0x0D) || code == 0x85) return kSpace;
  return kBitsOfCategory[static_cast<std::size_t>(
      utf8proc_category(static_cast<utf8proc_int32_t>(code)))];
}

std::array<std::uint8_t, 128> ascii_bits() {
  std::array<std::uint8_t, 128> bits{};
  for (char32_t code = 0; code < 128; ++code) bits[code] = look_up(code);
  return bits;
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace

std::uint8_t character_bits(char32_t code) {
  static const std::array<std::uint8_t, 128> ascii = ascii_bits();
  return code < 128 ? ascii[code] : look_up(code);
}

DecodedCharacter decode_character(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 ? 4U : first >= 0xE0 ? 3U : 2U;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < bytes) return {};
  char32_t code = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[at + i])) return {};
    code = code << 6U | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  }
  const bool overlong = utf8_bytes(code) != bytes;
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (overlong || surrogate || code > 0x10FFFF) return {};
  return {code, bytes};
}

void append_utf8(char32_t code, std::string& out) {
  const auto tail = [&](unsigned shift) {
    out.push_back(static_cast<char>(0x80U | ((code >> shift) & 0x3FU)));
  };
  switch (utf8_bytes(code)) {
    case 1:
      out.push_back(static_cast<char>(code));
      return;
    case 2:
      out.push_back(static_cast<char>(0xC0U | code >> 6U));
      break;
    case 3:
      out.push_back(static_cast<char>(0xE0U | code >> 12U));
      tail(6);
      break;
    default:
      out.push_back(static_cast<char>(0xF0U | code >> 18U));
      tail(12);
      tail(6);
  }
  tail(0);
}

std::string replace_bad_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = decode_character(text, at).bytes;
    if (bytes == 0)
      out += "\xEF\xBF\xBD";
    else
      out += text.substr(at, bytes);
    at += bytes == 0 ? 1 : bytes;
  }
  return out;
}

Characters::Characters(std::string_view text) {
  code.reserve(text.size());
  bits.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCharacter character = decode_character(text, at);
    CHECK(character.bytes > 0);
    code.push_back(character.code);
    bits.push_back(character_bits(character.code));
    at += character.bytes;
  }
}

}  // namespace nearside::text
