#include "text/jinja_literal.h"

#include <charconv>
#include <limits>

#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Code;
using base::fail;
using base::Result;

namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'z') return lower - 'a' + 10;
  return std::numeric_limits<int>::max();
}

// Bytes of "12_345" from `at` on: digits of that base, single underscores between them.
std::size_t digits_at(std::string_view source, std::size_t at, int number_base) {
  std::size_t end = at;
  while (end < source.size()) {
    if (digit_value(source[end]) < number_base)
      ++end;
    else if (source[end] == '_' && end > at && end + 1 < source.size() &&
             digit_value(source[end + 1]) < number_base)
      end += 2;
    else
      break;
  }
  return end - at;
}

std::string without_underscores(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '_') out += c;
  return out;
}

// The base that a prefix such as "0x" names; 10 without one.
int prefix_base(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return 10;
  switch (text[1] | 0x20) {
    case 'x':
      return 16;
    case 'o':
      return 8;
    case 'b':
      return 2;
    default:
      return 10;
  }
}
}  // namespace

NumberSpelling number_at(std::string_view source, std::size_t at) {
  if (at >= source.size() || !is_digit(source[at])) return {};
  const bool after_dot = at > 0 && source[at - 1] == '.';
  const std::size_t whole = digits_at(source, at, 10);
  if (!after_dot) {
    std::size_t end = at + whole;
    bool real = false;
    if (end < source.size() && source[end] == '.') {
      const std::size_t fraction = digits_at(source, end + 1, 10);
      if (fraction > 0) {
        end += 1 + fraction;
        real = true;
      }
    }
    if (end < source.size() && (source[end] | 0x20) == 'e') {
      std::size_t digits = end + 1;
      if (digits < source.size() && (source[digits] == '+' || source[digits] == '-')) ++digits;
      const std::size_t exponent = digits_at(source, digits, 10);
      if (exponent > 0) {
        end = digits + exponent;
        real = true;
      }
    }
    if (real) return {end - at, true};
  }
  const int number_base = prefix_base(source.substr(at));
  if (number_base != 10) {
    std::size_t start = at + 2;
    if (start < source.size() && source[start] == '_') ++start;
    const std::size_t digits = digits_at(source, start, number_base);
    if (digits > 0) return {start + digits - at, false};
  }
  if (source[at] != '0') return {whole, false};
  // A leading zero: only further zeros belong to the number, as in Python.
  return {digits_at(source, at, 1), false};
}

std::optional<std::int64_t> integer_value(std::string_view spelling) {
  bool too_large = false;
  return parse_integer(spelling, 0, too_large);
}

double real_value(std::string_view spelling) { return parse_real(spelling).value_or(0.0); }

std::optional<std::int64_t> parse_integer(std::string_view text, int number_base, bool& too_large) {
  too_large = false;
  text = strip_left(strip_right(text, nullptr), nullptr);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const int prefixed = prefix_base(text);
  if (prefixed != 10 && (number_base == 0 || number_base == prefixed)) {
    text.remove_prefix(2);
    if (!text.empty() && text[0] == '_') text.remove_prefix(1);
    number_base = prefixed;
  }
  if (number_base == 0) number_base = 10;
  if (text.empty() || digits_at(text, 0, number_base) != text.size()) return std::nullopt;
  const std::string digits = (negative ? "-" : "") + without_underscores(text);
  std::int64_t value = 0;
  const auto parsed =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, number_base);
  if (parsed.ec != std::errc()) {
    too_large = true;
    return std::nullopt;
  }
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  text = strip_left(strip_right(text, nullptr), nullptr);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '_' &&
        (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])))
      return std::nullopt;
  const std::string plain = without_underscores(text);
  const std::string lower = to_lower(plain);
  double value = 0;
  if (lower == "inf" || lower == "infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (lower == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    if (plain.empty() || (!is_digit(plain[0]) && plain[0] != '.')) return std::nullopt;
    const auto parsed = std::from_chars(plain.data(), plain.data() + plain.size(), value);
    if (parsed.ptr != plain.data() + plain.size()) return std::nullopt;
    if (parsed.ec == std::errc::result_out_of_range) {
      // Too large is infinity, too small is zero: the sign of the exponent tells them apart.
      const std::size_t exponent = lower.find('e');
      const bool small = exponent != std::string::npos && lower.find('-', exponent) != lower.npos;
      value = small ? 0.0 : std::numeric_limits<double>::infinity();
    } else if (parsed.ec != std::errc()) {
      return std::nullopt;
    }
  }
  return negative ? -value : value;
}

namespace {
// Reads `digits` hexadecimal digits; nothing when they are not there.
std::optional<char32_t> hex_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  char32_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int digit = digit_value(text[at + i]);
    if (digit >= 16) return std::nullopt;
    value = value * 16 + static_cast<char32_t>(digit);
  }
  return value;
}

// What a one-letter escape stands for; 0 where it is not one.
char simple_escape(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'v':
      return '\v';
    case 'a':
      return '\a';
    case '\\':
    case '\'':
    case '"':
      return letter;
    default:
      return 0;
  }
}

struct Escape {
  char32_t value = 0;
  std::size_t bytes = 0;  // after the backslash; 0: not an escape, the backslash stays
};

Result<Escape> numbered_escape(std::string_view text, std::size_t at) {
  const char letter = text[at];
  const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (digits > 0) {
    const auto value = hex_at(text, at + 1, digits);
    if (!value) return fail(Code::kInvalidArgument, "truncated \\{} escape in a string", letter);
    if (*value > 0x10FFFF || (*value >= 0xD800 && *value <= 0xDFFF))
      return fail(Code::kInvalidArgument, "\\{} escape in a string is not a character", letter);
    return Escape{*value, 1 + digits};
  }
  if (letter == 'N')
    return fail(Code::kInvalidArgument, "\\N escapes in strings are not supported; use \\u");
  Escape octal;
  while (octal.bytes < 3 && at + octal.bytes < text.size() && text[at + octal.bytes] >= '0' &&
         text[at + octal.bytes] <= '7') {
    octal.value = octal.value * 8 + static_cast<char32_t>(text[at + octal.bytes] - '0');
    ++octal.bytes;
  }
  return octal;
}
}  // namespace

Result<std::string> unescape(std::string_view literal) {
  std::string out;
  out.reserve(literal.size());
  for (std::size_t at = 0; at < literal.size(); ++at) {
    const char c = literal[at];
    if (c != '\\' || at + 1 == literal.size()) {
      out += c;
      continue;
    }
    const char letter = literal[at + 1];
    if (letter == '\n') {  // a line continued
      ++at;
    } else if (const char simple = simple_escape(letter); simple != 0) {
      out += simple;
      ++at;
    } else {
      const Escape escape = TRY(numbered_escape(literal, at + 1));
      if (escape.bytes == 0)
        out += c;
      else
        append_utf8(out, escape.value);
      at += escape.bytes;
    }
  }
  return out;
}

}  // namespace nearside::text::jinja
