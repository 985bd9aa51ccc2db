// Filters on numbers and on values of any kind: default, int, float, round, tojson, ...
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "text/jinja_attributes.h"
#include "text/jinja_collections.h"
#include "text/jinja_filters.h"
#include "text/jinja_json.h"
#include "text/jinja_literal.h"
#include "text/jinja_operators.h"
#include "text/jinja_print.h"

namespace nearside::text::jinja {

using base::Code;
using base::fail;
using base::Result;

namespace {

base::Error beyond_64_bits() {
  return fail(Code::kInvalidArgument,
              "OverflowError: an integer needs more than 64 bits, which is not supported");
}

Result<Value> absolute(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  TRY(bind("abs", arguments, {}));
  if (subject.is(Kind::kFloat)) return Value::real(std::fabs(subject.real()));
  if (!subject.is_integral())
    return type_error("bad operand type for abs(): '{}'", type_name(subject));
  if (subject.integer() == INT64_MIN) return beyond_64_bits();
  return Value::integer(std::abs(subject.integer()));
}

Result<Value> attribute(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("attr", arguments, {"name"}, 1));
  if (!bound[0]->is_string()) return type_error("attribute name must be string");
  // Unlike `a.b`, this never gives a dict's member.
  if (subject.is(Kind::kDict) && subject.dict().find(bound[0]->text()) != nullptr)
    return make_undefined_member(runtime.budget, subject, *bound[0]);
  return get_attribute(runtime, subject, *bound[0]);
}

Result<Value> or_default(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("default", arguments, {"default_value", "boolean"}));
  if (!subject.is_undefined() && !(bound.flag(1, false) && !is_true(subject))) return subject;
  if (bound[0] != nullptr) return *bound[0];
  return make_string(runtime.budget, "");
}

Result<std::optional<Value>> truncated(double value) {
  if (std::isnan(value)) return std::optional<Value>();
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (value >= kLimit || value < -kLimit) return beyond_64_bits();
  return std::optional<Value>(Value::integer(static_cast<std::int64_t>(value)));
}

Result<Value> to_int(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("int", arguments, {"default", "base"}));
  if (subject.is_undefined()) return undefined_error(subject);
  const Value otherwise = bound[0] == nullptr ? Value::integer(0) : *bound[0];
  if (subject.is_integral()) return Value::integer(subject.integer());
  std::optional<double> real;
  if (subject.is(Kind::kFloat)) real = subject.real();
  if (subject.is_string()) {
    const std::int64_t number_base = TRY(bound.integer(1, 10));
    if (number_base != 0 && (number_base < 2 || number_base > 36)) return otherwise;
    bool too_large = false;
    const auto integer = parse_integer(subject.text(), static_cast<int>(number_base), too_large);
    if (integer) return Value::integer(*integer);
    if (too_large) return beyond_64_bits();
    real = parse_real(subject.text());
  }
  if (!real) return otherwise;
  return TRY(truncated(*real)).value_or(otherwise);
}

Result<Value> to_float(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("float", arguments, {"default"}));
  if (subject.is_undefined()) return undefined_error(subject);
  if (subject.is_number()) return Value::real(subject.real());
  if (subject.is_string())
    if (const auto real = parse_real(subject.text())) return Value::real(*real);
  return bound[0] == nullptr ? Value::real(0.0) : *bound[0];
}

// Python's round(): halves go to the even neighbour of the exact binary value, as printf does.
Result<Value> rounded(const Value& subject, std::int64_t precision) {
  if (!subject.is_number())
    return type_error("type {} doesn't define __round__ method", type_name(subject));
  if (subject.is_integral() && precision >= 0) return Value::integer(subject.integer());
  constexpr std::int64_t kDigitsMax = 400;  // more than a double has
  if (precision > kDigitsMax) return subject;
  if (precision < -kDigitsMax) return Value::real(0.0);
  if (precision >= 0) {
    if (!std::isfinite(subject.real())) return subject;
    const std::string digits = fmt::format("{:.{}f}", subject.real(), precision);
    return Value::real(std::strtod(digits.c_str(), nullptr));
  }
  const double scale = std::pow(10.0, static_cast<double>(-precision));
  const double result = std::nearbyint(subject.real() / scale) * scale;
  if (!subject.is_integral()) return Value::real(result);
  const auto whole = TRY(truncated(result));
  return whole.value_or(Value::integer(0));
}

Result<Value> round_number(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("round", arguments, {"precision", "method"}));
  const std::int64_t precision = TRY(bound.integer(0, 0));
  const std::string_view method =
      bound[1] != nullptr && bound[1]->is_string() ? bound[1]->text() : "common";
  if (subject.is_undefined()) return undefined_error(subject);
  if (method == "common") return rounded(subject, precision);
  if (method != "ceil" && method != "floor")
    return value_error("method must be common, ceil or floor");
  if (!subject.is_number()) return type_error("must be real number, not {}", type_name(subject));
  const double scale = std::pow(10.0, static_cast<double>(precision));
  const double scaled = subject.real() * scale;
  return Value::real((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
}

Result<Value> file_size(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("filesizeformat", arguments, {"binary"}));
  if (subject.is_undefined()) return undefined_error(subject);
  if (!subject.is_number() && !subject.is_string())
    return type_error("float() argument must be a string or a real number, not '{}'",
                      type_name(subject));
  const auto number = subject.is_string() ? parse_real(subject.text()) : subject.real();
  if (!number) return value_error("could not convert string to float");
  const double bytes = *number;
  const bool binary = bound.flag(0, false);
  const double unit_base = binary ? 1024 : 1000;
  if (bytes == 1) return make_string(runtime.budget, "1 Byte");
  if (bytes < unit_base)
    return make_string(runtime.budget, fmt::format("{:.0f} Bytes", std::trunc(bytes)));
  constexpr std::array<std::string_view, 8> kUnits{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
  constexpr std::array<std::string_view, 8> kBinaryUnits{"KiB", "MiB", "GiB", "TiB",
                                                         "PiB", "EiB", "ZiB", "YiB"};
  double unit = unit_base;
  std::size_t index = 0;
  while (index + 1 < kUnits.size() && bytes >= unit * unit_base) {
    unit *= unit_base;
    ++index;
  }
  return make_string(runtime.budget, fmt::format("{:.1f} {}", bytes / unit,
                                                 (binary ? kBinaryUnits : kUnits)[index]));
}

// json.dumps takes a number of spaces or a text for each level.
Result<std::optional<std::string>> indent_argument(const Value* given) {
  constexpr std::int64_t kIndentMax = 256;  // spaces a level; wider is no layout but an attack
  if (given == nullptr || given->is_none()) return std::optional<std::string>();
  std::string indent;
  if (given->is_string()) {
    indent = given->text();
  } else if (given->is_integral()) {
    if (given->integer() > kIndentMax)
      return fail(Code::kTooLarge, "'tojson' indents by at most {} spaces", kIndentMax);
    indent.assign(static_cast<std::size_t>(std::max<std::int64_t>(0, given->integer())), ' ');
  } else {
    return type_error("indent must be a number or a text, not {}", type_name(*given));
  }
  if (indent.size() > static_cast<std::size_t>(kIndentMax))
    return fail(Code::kTooLarge, "'tojson' indents by at most {} bytes", kIndentMax);
  return std::optional<std::string>(std::move(indent));
}

Result<Value> json(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound =
      TRY(bind("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style;
  // Jinja's own filter has `indent` first; model tools have `ensure_ascii` first. A number can only
  // mean the former, so both spellings work.
  const bool indent_first = arguments.positional.size() == 1 && bound[0]->is(Kind::kInt);
  style.ascii = !indent_first && bound.flag(0, false);
  style.indent = TRY(indent_argument(indent_first ? bound[0] : bound[1]));
  style.sort_keys = bound.flag(3, false);
  if (style.indent) style.item_separator = ",";
  if (bound[2] != nullptr && !bound[2]->is_none()) {
    const Value separators = TRY(to_sequence(runtime.budget, *bound[2]));
    if (separators.items().size() != 2)
      return value_error("tojson needs two separators, (\", \", \": \")");
    style.item_separator = TRY(to_str(runtime.budget, separators.items()[0]));
    style.key_separator = TRY(to_str(runtime.budget, separators.items()[1]));
    TRY(runtime.budget.charge_text(style.item_separator.size() + style.key_separator.size()));
  }
  return make_string(runtime.budget, TRY(to_json(runtime.budget, subject, style)));
}

constexpr std::array kFilters{
    FunctionEntry{"abs", absolute},
    FunctionEntry{"attr", attribute},
    FunctionEntry{"d", or_default},
    FunctionEntry{"default", or_default},
    FunctionEntry{"filesizeformat", file_size},
    FunctionEntry{"float", to_float},
    FunctionEntry{"int", to_int},
    FunctionEntry{"round", round_number},
    FunctionEntry{"tojson", json},
};

}  // namespace

std::span<const FunctionEntry> value_filters() { return kFilters; }

}  // namespace nearside::text::jinja
