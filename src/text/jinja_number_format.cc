#include "text/jinja_number_format.h"

#include <cmath>
#include <cstdio>

#include "text/jinja_print.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;

namespace {

// Digits after the point that anybody may ask for: Python has no bound, but a double has no more.
constexpr std::int64_t kPrecisionMax = 1100;

std::string digits_in_base(std::uint64_t magnitude, unsigned number_base, bool upper) {
  const char* const letters = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string digits;
  do {
    digits.insert(digits.begin(), letters[magnitude % number_base]);
    magnitude /= number_base;
  } while (magnitude > 0);
  return digits;
}

std::string grouped(const std::string& digits, char separator) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += separator;
    out += digits[i];
  }
  return out;
}

std::string sign_text(bool negative, char sign) {
  if (negative) return "-";
  return sign == '-' ? "" : std::string(1, sign);
}

Result<std::string> format_integer(const Value& value, const FieldStyle& style) {
  const std::int64_t integer = value.integer();
  const bool negative = integer < 0;
  const std::uint64_t magnitude =
      negative ? 0 - static_cast<std::uint64_t>(integer) : static_cast<std::uint64_t>(integer);
  std::string digits;
  std::string prefix;
  switch (style.type) {
    case 'x':
    case 'X':
      digits = digits_in_base(magnitude, 16, style.type == 'X');
      prefix = style.type == 'X' ? "0X" : "0x";
      break;
    case 'o':
      digits = digits_in_base(magnitude, 8, false);
      prefix = "0o";
      break;
    case 'b':
      digits = digits_in_base(magnitude, 2, false);
      prefix = "0b";
      break;
    default:
      digits = digits_in_base(magnitude, 10, false);
      if (style.grouping != '\0') digits = grouped(digits, style.grouping);
  }
  if (style.precision > static_cast<std::int64_t>(digits.size()))
    digits.insert(0, static_cast<std::size_t>(style.precision) - digits.size(), '0');
  return sign_text(negative, style.sign) + (style.alternate ? prefix : "") + digits;
}

std::string printed(const char* format, std::int64_t precision, double value) {
  // Room for the 309 digits before the point that a double can have.
  std::string buffer(static_cast<std::size_t>(kPrecisionMax) + 400, '\0');
  const int length =
      std::snprintf(buffer.data(), buffer.size(), format, static_cast<int>(precision), value);
  buffer.resize(static_cast<std::size_t>(length));
  return buffer;
}

Result<std::string> format_real(double value, const FieldStyle& style) {
  const bool negative = std::signbit(value) && !std::isnan(value);
  const double magnitude = std::fabs(value);
  const std::int64_t precision = style.precision < 0 ? 6 : style.precision;
  if (precision > kPrecisionMax) return value_error("precision too big");
  std::string digits;
  switch (style.type) {
    case '\0':
      digits = style.precision < 0
                   ? real_repr(magnitude)
                   : printed("%.*g", std::max<std::int64_t>(1, precision), magnitude);
      break;
    case 'f':
    case 'F':
      digits = printed("%.*f", precision, magnitude);
      break;
    case 'e':
      digits = printed("%.*e", precision, magnitude);
      break;
    case 'E':
      digits = printed("%.*E", precision, magnitude);
      break;
    case 'g':
      digits = printed("%.*g", precision, magnitude);
      break;
    case 'G':
      digits = printed("%.*G", precision, magnitude);
      break;
    case '%':
      digits = printed("%.*f", precision, magnitude * 100) + "%";
      break;
    default:
      return value_error("Unknown format code '{}' for object of type 'float'", style.type);
  }
  if (style.grouping != '\0') {
    const std::size_t end = digits.find_first_not_of("0123456789");
    const std::string whole = digits.substr(0, end);
    digits = grouped(whole, style.grouping) + (end == std::string::npos ? "" : digits.substr(end));
  }
  return sign_text(negative, style.sign) + digits;
}

}  // namespace

Result<std::string> format_number(Budget& budget, const Value& value, const FieldStyle& style) {
  TRY(budget.charge_text(static_cast<std::size_t>(std::max<std::int64_t>(0, style.precision))));
  if (value.is(Kind::kFloat)) return format_real(value.real(), style);
  switch (style.type) {
    case '\0':
    case 'd':
    case 'x':
    case 'X':
    case 'o':
    case 'b':
    case 'n':
      return format_integer(value, style);
    default:
      return format_real(value.real(), style);
  }
}

Result<std::string> padded(Budget& budget, std::string text, const FieldStyle& style, bool number) {
  const std::size_t length = count_code_points(text);
  if (style.width <= static_cast<std::int64_t>(length)) return text;
  const std::size_t missing = static_cast<std::size_t>(style.width) - length;
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(missing, style.fill.size(), &bytes)) bytes = SIZE_MAX;
  TRY(budget.charge_text(bytes));
  const char align = style.align != '\0' ? style.align : number ? '>' : '<';
  const std::size_t before = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  std::string filling;
  for (std::size_t i = 0; i < before; ++i) filling += style.fill;
  const bool signed_text = !text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == ' ');
  text.insert(align == '=' && signed_text ? 1 : 0, filling);
  for (std::size_t i = before; i < missing; ++i) text += style.fill;
  return text;
}

}  // namespace nearside::text::jinja
