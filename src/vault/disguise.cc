#include "vault/disguise.h"

#include <cstdint>

namespace nearside::vault {

char digit_or_letter(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '\0';
}

std::string rot13(std::string_view text) {
  std::string turned(text);
  for (char& c : turned) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 13) % 26);
    if (c >= 'A' && c <= 'Z') c = static_cast<char>('A' + (c - 'A' + 13) % 26);
  }
  return turned;
}

std::string hexadecimal(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    digits += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    digits += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return digits;
}

std::string base64_digits(std::string_view text) {
  constexpr std::string_view kDigitsOf64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string digits;
  for (std::size_t i = 0; i + 3 <= text.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | static_cast<unsigned char>(text[i + j]);
    for (int shift = 18; shift >= 0; shift -= 6) digits += kDigitsOf64[group >> shift & 63U];
  }
  return digits;
}

}  // namespace nearside::vault
