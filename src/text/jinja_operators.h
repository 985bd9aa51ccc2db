// What operators do with values, as Python's do.
#pragma once

#include "base/result.h"
#include "text/jinja_ast.h"
#include "text/jinja_value.h"

namespace nearside::text::jinja {

/// Python's bool(value).
bool is_true(const Value& value);

/// `==`; never fails for types, but comparing deep values is charged. Errors: kTooLarge.
base::Result<bool> equal(Budget& budget, const Value& left, const Value& right);

/// Negative, zero or positive, as with memcmp; Python's order of numbers, texts, lists and tuples.
/// Errors: kInvalidArgument (no order between those types; `spelling` is the operator to name).
base::Result<int> order(Budget& budget, const Value& left, const Value& right,
                        std::string_view spelling = "<");

/// `left in right`.
base::Result<bool> contains(Budget& budget, const Value& left, const Value& right);

/// `==` to `not in`, as a truth.
base::Result<bool> compare(Budget& budget, Operator operation, const Value& left,
                           const Value& right);

/// + - * / // % **. Errors: kInvalidArgument (types that do not fit, division by zero, integers
/// beyond 64 bits), kTooLarge.
base::Result<Value> arithmetic(Budget& budget, Operator operation, const Value& left,
                               const Value& right);
base::Result<Value> negated(const Value& value, bool minus);

}  // namespace nearside::text::jinja
