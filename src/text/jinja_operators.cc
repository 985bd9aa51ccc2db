#include "text/jinja_operators.h"

#include <cmath>

#include "text/jinja_collections.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;

bool is_true(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
    case Kind::kNone:
      return false;
    case Kind::kBool:
      return value.boolean();
    case Kind::kInt:
      return value.integer() != 0;
    case Kind::kFloat:
      return value.real() != 0;
    case Kind::kString:
      return !value.text().empty();
    case Kind::kList:
    case Kind::kTuple:
      return !value.items().empty();
    case Kind::kDict:
      return !value.dict().entries.empty();
    case Kind::kRange:
      return value.as<RangeObject>().size() > 0;
    case Kind::kView:
      return is_true(value.as<ViewObject>().dict);
    default:
      return true;
  }
}

namespace {

// An int and a float compare as the exact numbers they are. Unordered (nan) gives 2.
int order_numbers(const Value& left, const Value& right) {
  if (left.is_integral() && right.is_integral()) {
    const std::int64_t a = left.integer();
    const std::int64_t b = right.integer();
    return a < b ? -1 : a > b ? 1 : 0;
  }
  // The 64-bit mantissa of x86-64's long double holds every int64 and every double.
  const auto wide = [](const Value& value) {
    return value.is_integral() ? static_cast<long double>(value.integer())
                               : static_cast<long double>(value.real());
  };
  const long double a = wide(left);
  const long double b = wide(right);
  if (std::isnan(a) || std::isnan(b)) return 2;
  return a < b ? -1 : a > b ? 1 : 0;
}

Result<bool> equal_items(Budget& budget, const std::vector<Value>& left,
                         const std::vector<Value>& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i)
    if (!TRY(equal(budget, left[i], right[i]))) return false;
  return true;
}

Result<bool> equal_dicts(Budget& budget, const DictObject& left, const DictObject& right) {
  if (left.entries.size() != right.entries.size()) return false;
  for (const auto& [key, value] : left.entries) {
    const Value* const other = TRY(find_in_dict(budget, right, key));
    if (other == nullptr) return false;
    if (!TRY(equal(budget, value, *other))) return false;
  }
  return true;
}

}  // namespace

Result<bool> equal(Budget& budget, const Value& left, const Value& right) {
  if (!budget.take_steps()) return budget.too_many_steps();
  if (left.is_number() && right.is_number()) return order_numbers(left, right) == 0;
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::kUndefined:
    case Kind::kNone:
      return true;
    case Kind::kString:
      TRY(budget.charge_text(std::min(left.text().size(), right.text().size())));
      return left.text() == right.text();
    case Kind::kList:
    case Kind::kTuple:
      return equal_items(budget, left.items(), right.items());
    case Kind::kDict:
      return equal_dicts(budget, left.dict(), right.dict());
    case Kind::kRange: {
      const auto& a = left.as<RangeObject>();
      const auto& b = right.as<RangeObject>();
      if (a.size() != b.size()) return false;
      return a.size() == 0 || (a.start == b.start && (a.size() == 1 || a.step == b.step));
    }
    default:
      return left.object() == right.object();
  }
}

Result<int> order(Budget& budget, const Value& left, const Value& right,
                  std::string_view spelling) {
  if (!budget.take_steps()) return budget.too_many_steps();
  if (left.is_number() && right.is_number()) return order_numbers(left, right);
  if (left.is_undefined()) return undefined_error(left);
  if (right.is_undefined()) return undefined_error(right);
  if (left.is_string() && right.is_string()) {
    TRY(budget.charge_text(std::min(left.text().size(), right.text().size())));
    // UTF-8 sorts by bytes as its code points do.
    return left.text().compare(right.text());
  }
  if (left.kind() == right.kind() && (left.is(Kind::kList) || left.is(Kind::kTuple))) {
    const std::vector<Value>& a = left.items();
    const std::vector<Value>& b = right.items();
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
      if (!TRY(equal(budget, a[i], b[i]))) return order(budget, a[i], b[i], spelling);
    return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
  }
  return type_error("'{}' not supported between instances of '{}' and '{}'", spelling,
                    type_name(left), type_name(right));
}

Result<bool> contains(Budget& budget, const Value& left, const Value& right) {
  switch (right.kind()) {
    case Kind::kString:
      if (!left.is_string())
        return type_error("'in <string>' requires string as left operand, not {}", type_name(left));
      TRY(budget.charge_search(right.text().size(), left.text().size()));
      return find_text(right.text(), left.text()) != std::string_view::npos;
    case Kind::kDict:
      return TRY(find_in_dict(budget, right.dict(), left)) != nullptr;
    case Kind::kUndefined:
      return false;
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kRange:
    case Kind::kView:
    case Kind::kIterator: {
      const Value items = TRY(to_sequence(budget, right));
      for (const Value& item : items.items())
        if (TRY(equal(budget, left, item))) return true;
      return false;
    }
    default:
      return type_error("argument of type '{}' is not iterable", type_name(right));
  }
}

Result<bool> compare(Budget& budget, Operator operation, const Value& left, const Value& right) {
  switch (operation) {
    case Operator::kEqual:
      return equal(budget, left, right);
    case Operator::kNotEqual:
      return !TRY(equal(budget, left, right));
    case Operator::kIn:
      return contains(budget, left, right);
    case Operator::kNotIn:
      return !TRY(contains(budget, left, right));
    case Operator::kLess:
      return TRY(order(budget, left, right, "<")) < 0;
    case Operator::kLessEqual:
      return TRY(order(budget, left, right, "<=")) <= 0;
    case Operator::kGreater: {
      const int result = TRY(order(budget, left, right, ">"));
      return result > 0 && !(result == 2 && left.is_number());
    }
    case Operator::kGreaterEqual: {
      const int result = TRY(order(budget, left, right, ">="));
      return result >= 0 && !(result == 2 && left.is_number());
    }
    default:
      CHECK(false && "not a comparison");
      return false;
  }
}

}  // namespace nearside::text::jinja
