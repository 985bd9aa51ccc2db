#include "text/jinja_tests.h"

#include <array>

#include "text/jinja_ast.h"
#include "text/jinja_collections.h"
#include "text/jinja_filters.h"
#include "text/jinja_operators.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;

namespace {

using Predicate = bool (*)(const Value&);

template <Predicate predicate>
Result<Value> simple(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  TRY(bind("test", arguments, {}));
  return Value::boolean(predicate(subject));
}

bool is_defined(const Value& value) { return !value.is_undefined(); }
bool is_undefined(const Value& value) { return value.is_undefined(); }
bool is_none(const Value& value) { return value.is_none(); }
bool is_boolean(const Value& value) { return value.is(Kind::kBool); }
bool is_the_true(const Value& value) { return value.is(Kind::kBool) && value.boolean(); }
bool is_the_false(const Value& value) { return value.is(Kind::kBool) && !value.boolean(); }
bool is_integer(const Value& value) { return value.is(Kind::kInt); }
bool is_float(const Value& value) { return value.is(Kind::kFloat); }
bool is_number_value(const Value& value) { return value.is_number(); }
bool is_string(const Value& value) { return value.is_string(); }
bool is_mapping(const Value& value) { return value.is(Kind::kDict); }
bool is_escaped(const Value& value) { return value.is_markup(); }

// Whatever has a length and can be subscripted: Python's views cannot.
bool is_sequence(const Value& value) { return has_length(value) && !value.is(Kind::kView); }

bool is_callable(const Value& value) {
  return value.is(Kind::kMacro) || value.is(Kind::kFunction) || value.is(Kind::kLoop) ||
         value.is(Kind::kJoiner) || value.is_undefined();
}

template <bool upper>
Result<Value> case_is(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("test", arguments, {}));
  return Value::boolean(has_case(TRY(to_str(runtime.budget, subject)), upper));
}

Result<Value> divisible(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("divisibleby", arguments, {"num"}, 1));
  const Value rest = TRY(arithmetic(runtime.budget, Operator::kModulo, subject, *bound[0]));
  return Value::boolean(TRY(equal(runtime.budget, rest, Value::integer(0))));
}

template <int remainder>
Result<Value> parity(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("test", arguments, {}));
  const Value rest = TRY(arithmetic(runtime.budget, Operator::kModulo, subject, Value::integer(2)));
  return Value::boolean(TRY(equal(runtime.budget, rest, Value::integer(remainder))));
}

template <Operator operation>
Result<Value> compared(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("test", arguments, {"other"}, 1));
  return Value::boolean(TRY(compare(runtime.budget, operation, subject, *bound[0])));
}

Result<Value> same_as(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("sameas", arguments, {"other"}, 1));
  const Value& other = *bound[0];
  if (subject.kind() != other.kind()) return Value::boolean(false);
  if (subject.object() != nullptr || other.object() != nullptr)
    return Value::boolean(subject.object() == other.object());
  return Value::boolean(TRY(equal(runtime.budget, subject, other)));
}

Result<Value> is_filter(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  TRY(bind("filter", arguments, {}));
  return Value::boolean(subject.is_string() && find_filter(subject.text()) != nullptr);
}

Result<Value> is_test(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  TRY(bind("test", arguments, {}));
  return Value::boolean(subject.is_string() && find_test(subject.text()) != nullptr);
}

constexpr std::array kTests{
    FunctionEntry{"!=", compared<Operator::kNotEqual>},
    FunctionEntry{"<", compared<Operator::kLess>},
    FunctionEntry{"<=", compared<Operator::kLessEqual>},
    FunctionEntry{"==", compared<Operator::kEqual>},
    FunctionEntry{">", compared<Operator::kGreater>},
    FunctionEntry{">=", compared<Operator::kGreaterEqual>},
    FunctionEntry{"boolean", simple<is_boolean>},
    FunctionEntry{"callable", simple<is_callable>},
    FunctionEntry{"defined", simple<is_defined>},
    FunctionEntry{"divisibleby", divisible},
    FunctionEntry{"eq", compared<Operator::kEqual>},
    FunctionEntry{"equalto", compared<Operator::kEqual>},
    FunctionEntry{"escaped", simple<is_escaped>},
    FunctionEntry{"even", parity<0>},
    FunctionEntry{"false", simple<is_the_false>},
    FunctionEntry{"filter", is_filter},
    FunctionEntry{"float", simple<is_float>},
    FunctionEntry{"ge", compared<Operator::kGreaterEqual>},
    FunctionEntry{"greaterthan", compared<Operator::kGreater>},
    FunctionEntry{"gt", compared<Operator::kGreater>},
    FunctionEntry{"in", compared<Operator::kIn>},
    FunctionEntry{"integer", simple<is_integer>},
    FunctionEntry{"iterable", simple<is_iterable>},
    FunctionEntry{"le", compared<Operator::kLessEqual>},
    FunctionEntry{"lessthan", compared<Operator::kLess>},
    FunctionEntry{"lower", case_is<false>},
    FunctionEntry{"lt", compared<Operator::kLess>},
    FunctionEntry{"mapping", simple<is_mapping>},
    FunctionEntry{"ne", compared<Operator::kNotEqual>},
    FunctionEntry{"none", simple<is_none>},
    FunctionEntry{"number", simple<is_number_value>},
    FunctionEntry{"odd", parity<1>},
    FunctionEntry{"sameas", same_as},
    FunctionEntry{"sequence", simple<is_sequence>},
    FunctionEntry{"string", simple<is_string>},
    FunctionEntry{"test", is_test},
    FunctionEntry{"true", simple<is_the_true>},
    FunctionEntry{"undefined", simple<is_undefined>},
    FunctionEntry{"upper", case_is<true>},
};

}  // namespace

const FunctionEntry* find_test(std::string_view name) { return find_function(kTests, name); }

}  // namespace nearside::text::jinja
