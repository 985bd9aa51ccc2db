// + - * / // % ** on values (declared in jinja_operators.h).
#include <cmath>
#include <optional>

#include "text/jinja_format.h"
#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Code;
using base::fail;
using base::Result;

namespace {

std::string_view spelling(Operator operation) {
  switch (operation) {
    case Operator::kAdd:
      return "+";
    case Operator::kSubtract:
      return "-";
    case Operator::kMultiply:
      return "*";
    case Operator::kDivide:
      return "/";
    case Operator::kFloorDivide:
      return "//";
    case Operator::kModulo:
      return "%";
    default:
      return "**";
  }
}

base::Error beyond_64_bits() {
  return fail(Code::kInvalidArgument,
              "OverflowError: an integer needs more than 64 bits, which is not supported");
}

base::Error division_by_zero() {
  return fail(Code::kInvalidArgument, "ZeroDivisionError: division by zero");
}

Result<Value> integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return division_by_zero();
    return Value::real(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result))
      return beyond_64_bits();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return beyond_64_bits();
  }
  return Value::integer(result);
}

// Python rounds quotients down and gives remainders the divisor's sign.
std::int64_t floor_quotient(std::int64_t left, std::int64_t right) {
  const std::int64_t quotient = left / right;
  return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
}

Result<Value> on_integers(Operator operation, std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  switch (operation) {
    case Operator::kAdd:
      if (__builtin_add_overflow(left, right, &result)) return beyond_64_bits();
      return Value::integer(result);
    case Operator::kSubtract:
      if (__builtin_sub_overflow(left, right, &result)) return beyond_64_bits();
      return Value::integer(result);
    case Operator::kMultiply:
      if (__builtin_mul_overflow(left, right, &result)) return beyond_64_bits();
      return Value::integer(result);
    case Operator::kDivide:
      if (right == 0) return division_by_zero();
      return Value::real(
          static_cast<double>(static_cast<long double>(left) / static_cast<long double>(right)));
    case Operator::kFloorDivide:
      if (right == 0) return division_by_zero();
      if (right == -1 && left == INT64_MIN) return beyond_64_bits();
      return Value::integer(floor_quotient(left, right));
    case Operator::kModulo:
      if (right == 0) return division_by_zero();
      if (right == -1) return Value::integer(0);
      return Value::integer(left - floor_quotient(left, right) * right);
    default:
      return integer_power(left, right);
  }
}

Result<Value> on_reals(Operator operation, double left, double right) {
  switch (operation) {
    case Operator::kAdd:
      return Value::real(left + right);
    case Operator::kSubtract:
      return Value::real(left - right);
    case Operator::kMultiply:
      return Value::real(left * right);
    case Operator::kDivide:
      if (right == 0) return division_by_zero();
      return Value::real(left / right);
    case Operator::kFloorDivide:
    case Operator::kModulo: {
      if (right == 0) return division_by_zero();
      double remainder = std::fmod(left, right);
      if (remainder != 0 && (remainder < 0) != (right < 0)) remainder += right;
      if (operation == Operator::kModulo) return Value::real(remainder);
      return Value::real(std::round((left - remainder) / right));
    }
    default:
      if (left == 0 && right < 0) return division_by_zero();
      if (left < 0 && std::floor(right) != right)
        return fail(Code::kInvalidArgument, "complex numbers are not supported");
      return Value::real(std::pow(left, right));
  }
}

Result<Value> join_texts(Budget& budget, const Value& left, const Value& right) {
  const bool markup = left.is_markup() || right.is_markup();
  // Joining marked text with plain text escapes the plain one, as markupsafe does.
  const auto append = [&](std::string& out, const Value& part) {
    if (markup && !part.is_markup())
      out += escape_html(part.text());
    else
      out += part.text();
  };
  TRY(budget.charge_text(left.text().size() + right.text().size()));
  std::string text;
  text.reserve(left.text().size() + right.text().size());
  append(text, left);
  append(text, right);
  return make_string(budget, std::move(text), markup);
}

Result<Value> join_sequences(Budget& budget, const Value& left, const Value& right) {
  TRY(budget.charge_items(left.items().size() + right.items().size()));
  TRY(budget.charge_text((left.items().size() + right.items().size()) * sizeof(Value)));
  std::vector<Value> items = left.items();
  items.insert(items.end(), right.items().begin(), right.items().end());
  return left.is(Kind::kList) ? make_list(budget, std::move(items))
                              : make_tuple(budget, std::move(items));
}

Result<Value> repeated(Budget& budget, const Value& value, std::int64_t times) {
  const std::size_t count = times > 0 ? static_cast<std::size_t>(times) : 0;
  const std::size_t one =
      value.is_string() ? value.text().size() : value.items().size() * sizeof(Value);
  std::size_t bytes = 0;
  // Asked for before anything of that size exists.
  if (__builtin_mul_overflow(one, count, &bytes)) bytes = SIZE_MAX;
  TRY(budget.charge_text(bytes));
  if (value.is_string()) {
    std::string text(value.text().size() == 1 ? count : 0,
                     value.text().empty() ? ' ' : value.text()[0]);
    text.reserve(bytes);
    while (text.size() < bytes) text += value.text();
    return make_string(budget, std::move(text), value.is_markup());
  }
  std::vector<Value> items;
  if (bytes > 0) {
    TRY(budget.charge_items(value.items().size() * count));
    items.reserve(value.items().size() * count);
    for (std::size_t i = 0; i < count; ++i)
      items.insert(items.end(), value.items().begin(), value.items().end());
  }
  return value.is(Kind::kList) ? make_list(budget, std::move(items))
                               : make_tuple(budget, std::move(items));
}

bool repeats(const Value& value) {
  return value.is_string() || value.is(Kind::kList) || value.is(Kind::kTuple);
}

}  // namespace

Result<Value> arithmetic(Budget& budget, Operator operation, const Value& left,
                         const Value& right) {
  if (left.is_integral() && right.is_integral())
    return on_integers(operation, left.integer(), right.integer());
  if (left.is_number() && right.is_number()) return on_reals(operation, left.real(), right.real());
  if (operation == Operator::kModulo && left.is_string())
    return percent_format(budget, left, right);
  if (left.is_undefined()) return undefined_error(left);
  if (right.is_undefined()) return undefined_error(right);
  if (operation == Operator::kAdd) {
    if (left.is_string() && right.is_string()) return join_texts(budget, left, right);
    if (left.kind() == right.kind() && (left.is(Kind::kList) || left.is(Kind::kTuple)))
      return join_sequences(budget, left, right);
    if (repeats(left))
      return type_error("can only concatenate {} (not \"{}\") to {}", type_name(left),
                        type_name(right), type_name(left));
  }
  if (operation == Operator::kMultiply) {
    if (repeats(left) && right.is_integral()) return repeated(budget, left, right.integer());
    if (repeats(right) && left.is_integral()) return repeated(budget, right, left.integer());
  }
  return type_error("unsupported operand type(s) for {}: '{}' and '{}'", spelling(operation),
                    type_name(left), type_name(right));
}

Result<Value> negated(const Value& value, bool minus) {
  if (value.is_undefined()) return undefined_error(value);
  if (value.is(Kind::kFloat)) return Value::real(minus ? -value.real() : value.real());
  if (!value.is_integral())
    return type_error("bad operand type for unary {}: '{}'", minus ? "-" : "+", type_name(value));
  if (!minus) return Value::integer(value.integer());
  if (value.integer() == INT64_MIN) return beyond_64_bits();
  return Value::integer(-value.integer());
}

}  // namespace nearside::text::jinja
