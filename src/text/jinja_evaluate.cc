// Expressions of the interpreter.
#include "text/jinja_attributes.h"
#include "text/jinja_collections.h"
#include "text/jinja_functions.h"
#include "text/jinja_interpreter.h"
#include "text/jinja_operators.h"
#include "text/jinja_print.h"

namespace nearside::text::jinja {

using base::Code;
using base::Result;

Result<Value> Interpreter::evaluate(const Expression& expression) {
  if (!budget.take_steps()) return budget.too_many_steps();
  // The leaves first: they are most of what is evaluated, and do not go deeper.
  if (expression.kind == ExpressionKind::kConstant)
    return static_cast<const Constant&>(expression).value;
  line_ = expression.line;
  if (expression.kind == ExpressionKind::kName)
    return evaluate_name(static_cast<const Name&>(expression));
  const Level level(levels_);
  TRY(check_levels());
  return dispatch(expression);
}

Result<Value> Interpreter::dispatch(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::kConstant:
      return static_cast<const Constant&>(expression).value;
    case ExpressionKind::kName:
      return evaluate_name(static_cast<const Name&>(expression));
    case ExpressionKind::kList:
    case ExpressionKind::kTuple:
      return evaluate_sequence(static_cast<const Several&>(expression));
    case ExpressionKind::kDict:
      return evaluate_dict(static_cast<const Several&>(expression));
    case ExpressionKind::kAttribute: {
      const auto& node = static_cast<const Attribute&>(expression);
      const Value owner = TRY(evaluate(*node.owner));
      return get_attribute(*this, owner, node.name);
    }
    case ExpressionKind::kItem: {
      const auto& node = static_cast<const Item&>(expression);
      const Value owner = TRY(evaluate(*node.owner));
      const Value key = TRY(evaluate(*node.key));
      return get_item(*this, owner, key);
    }
    case ExpressionKind::kSlice:
      return evaluate_slice(static_cast<const Slice&>(expression));
    case ExpressionKind::kCall:
      return evaluate_call(static_cast<const Call&>(expression));
    case ExpressionKind::kFilter:
    case ExpressionKind::kTest:
      return evaluate_applied(static_cast<const Applied&>(expression));
    case ExpressionKind::kUnary: {
      const auto& node = static_cast<const Unary&>(expression);
      const Value operand = TRY(evaluate(*node.operand));
      return negated(operand, node.minus);
    }
    case ExpressionKind::kNot: {
      const Value operand = TRY(evaluate(*static_cast<const Unary&>(expression).operand));
      return Value::boolean(!is_true(operand));
    }
    case ExpressionKind::kBinary: {
      const auto& node = static_cast<const Binary&>(expression);
      const Value left = TRY(evaluate(*node.left));
      const Value right = TRY(evaluate(*node.right));
      return arithmetic(budget, node.operation, left, right);
    }
    case ExpressionKind::kCompare:
      return evaluate_compare(static_cast<const Compare&>(expression));
    case ExpressionKind::kConcat:
      return evaluate_concat(static_cast<const Several&>(expression));
    case ExpressionKind::kAnd:
      return evaluate_choice(static_cast<const Several&>(expression), false);
    case ExpressionKind::kOr:
      return evaluate_choice(static_cast<const Several&>(expression), true);
    case ExpressionKind::kConditional:
      return evaluate_conditional(static_cast<const Conditional&>(expression));
  }
  return Value();
}

Result<Value> Interpreter::evaluate_name(const Name& name) {
  if (const Value* const found = scopes_.find(name.id); found != nullptr) return *found;
  return make_undefined_name(budget, program_.names[name.id]);
}

Result<Value> Interpreter::evaluate_sequence(const Several& several) {
  std::vector<Value> items;
  items.reserve(several.parts.size());
  for (const ExpressionPtr& part : several.parts) items.push_back(TRY(evaluate(*part)));
  return several.kind == ExpressionKind::kList ? make_list(budget, std::move(items))
                                               : make_tuple(budget, std::move(items));
}

Result<Value> Interpreter::evaluate_dict(const Several& several) {
  DictBuilder builder(budget);
  for (std::size_t i = 0; i + 1 < several.parts.size(); i += 2) {
    Value key = TRY(evaluate(*several.parts[i]));
    Value value = TRY(evaluate(*several.parts[i + 1]));
    TRY(builder.set(std::move(key), std::move(value)));
  }
  return builder.build();
}

Result<Value> Interpreter::evaluate_slice(const Slice& node) {
  const Value owner = TRY(evaluate(*node.owner));
  const Value start = node.start ? TRY(evaluate(*node.start)) : Value::none();
  const Value stop = node.stop ? TRY(evaluate(*node.stop)) : Value::none();
  const Value step = node.step ? TRY(evaluate(*node.step)) : Value::none();
  switch (owner.kind()) {
    case Kind::kUndefined:
      return undefined_error(owner);
    case Kind::kString:
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kRange:
      return slice(budget, owner, start, stop, step);
    case Kind::kDict:
      return type_error("unhashable type: 'slice'");
    default:
      return type_error("'{}' object is not subscriptable", type_name(owner));
  }
}

Result<Value> Interpreter::evaluate_call(const Call& node) {
  const Value callee = TRY(evaluate(*node.callee));
  Arguments arguments = TRY(evaluate_arguments(node.arguments));
  return call(callee, arguments);
}

Result<Value> Interpreter::evaluate_applied(const Applied& applied) {
  const Value value = TRY(evaluate(*applied.value));
  return apply(applied, value);
}

Result<Value> Interpreter::apply(const Applied& applied, const Value& value) {
  if (applied.function == nullptr)
    return base::fail(Code::kInvalidArgument, "there is no {} named '{:.40}'",
                      applied.kind == ExpressionKind::kTest ? "test" : "filter", applied.name);
  Arguments arguments = TRY(evaluate_arguments(applied.arguments));
  return applied.function->call(*this, value, arguments);
}

Result<Value> Interpreter::evaluate_compare(const Compare& node) {
  Value left = TRY(evaluate(*node.first));
  for (const auto& [operation, expression] : node.rest) {
    Value right = TRY(evaluate(*expression));
    if (!TRY(compare(budget, operation, left, right))) return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

Result<Value> Interpreter::evaluate_concat(const Several& several) {
  std::string text;
  for (const ExpressionPtr& part : several.parts) {
    const Value value = TRY(evaluate(*part));
    TRY(append_str(budget, text, value));
  }
  return make_string(budget, std::move(text));
}

// `or` stops at the first true part, `and` at the first false one; the last part decides otherwise.
Result<Value> Interpreter::evaluate_choice(const Several& several, bool stops_at) {
  Value value;
  for (const ExpressionPtr& part : several.parts) {
    value = TRY(evaluate(*part));
    if (is_true(value) == stops_at) break;
  }
  return value;
}

Result<Value> Interpreter::evaluate_conditional(const Conditional& node) {
  const Value test = TRY(evaluate(*node.test));
  if (is_true(test)) return evaluate(*node.then);
  if (node.otherwise) return evaluate(*node.otherwise);
  return make_undefined(budget,
                        "the inline if-expression evaluated to false and no else section "
                        "was defined.");
}

}  // namespace nearside::text::jinja
