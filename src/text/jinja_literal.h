// Literals inside of tags: numbers and strings, as Python spells them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::text::jinja {

/// How many bytes from `at` on spell a number (0: none), and whether it is one with a point or
/// exponent.
struct NumberSpelling {
  std::size_t bytes = 0;
  bool real = false;
};
NumberSpelling number_at(std::string_view source, std::size_t at);

/// The value of an integer spelling ("0x1F", "1_000"); empty beyond 64 bits.
std::optional<std::int64_t> integer_value(std::string_view spelling);
/// The value of a float spelling.
double real_value(std::string_view spelling);

/// Python's int(text, base) and float(text): surrounding white space and single underscores between
/// digits are fine. `too_large` tells beyond 64 bits from not a number.
std::optional<std::int64_t> parse_integer(std::string_view text, int number_base, bool& too_large);
std::optional<double> parse_real(std::string_view text);

/// What is between a string literal's quotes, with escapes resolved.
/// Errors: kInvalidArgument (broken \x, \u or \U escape; \N, which needs Unicode's name table).
base::Result<std::string> unescape(std::string_view literal);

}  // namespace nearside::text::jinja
