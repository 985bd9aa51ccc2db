// Reading around an anchor: character classes, separators inside numbers, words before a place.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace nearside::policy {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
constexpr bool is_base64url(char c) { return is_alnum(c) || c == '-' || c == '_'; }

/// The byte at a place, '\0' outside the text: boundaries need no special cases.
constexpr char at(std::string_view text, std::size_t index) {
  return index < text.size() ? text[index] : '\0';
}
constexpr char before(std::string_view text, std::size_t index) {
  return index > 0 && index <= text.size() ? text[index - 1] : '\0';
}

/// separator_bytes() where the byte is beyond ASCII.
std::size_t high_separator_bytes(std::string_view text, std::size_t index);

/// Bytes of one separator that people put between groups of digits (space, hyphen, no-break and
/// thin spaces, Unicode hyphens and dashes, invisible characters), 0 if there is none.
inline std::size_t separator_bytes(std::string_view text, std::size_t index) {
  const char first = at(text, index);
  if (first == ' ' || first == '-') return 1;
  return static_cast<unsigned char>(first) < 0x80 ? 0 : high_separator_bytes(text, index);
}

/// Is one of the words (lower case ASCII, or UTF-8 compared exactly) in the `within` bytes before
/// `index`, without regard to case and beginning at a word's beginning?
bool word_precedes(std::string_view text, std::size_t index, std::size_t within,
                   std::initializer_list<std::string_view> words);

/// Bits of information a character, from the frequencies in the text itself (Shannon).
double entropy_bits(std::string_view text);

}  // namespace nearside::policy
