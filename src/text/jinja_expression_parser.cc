#include "text/jinja_expression_parser.h"

#include <algorithm>
#include <array>

#include "text/jinja_filters.h"
#include "text/jinja_tests.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

Status ExpressionParser::Nesting::check() const {
  if (parser_.nesting_ > parser_.depth_max_)
    return fail(Code::kTooLarge, "the chat template nests deeper than {} at line {}",
                parser_.depth_max_, parser_.current().line);
  return {};
}

bool ExpressionParser::skip_operator(std::string_view spelling) {
  if (!current().is_operator(spelling)) return false;
  advance();
  return true;
}

bool ExpressionParser::skip_name(std::string_view spelling) {
  if (!current().is_name(spelling)) return false;
  advance();
  return true;
}

base::Error ExpressionParser::unexpected(std::string_view wanted) const {
  return syntax_error(current().line, "expected {}, got {}", wanted, describe(current()));
}

Status ExpressionParser::expect_operator(std::string_view spelling) {
  if (!skip_operator(spelling)) return unexpected(fmt::format("'{}'", spelling));
  return {};
}

Status ExpressionParser::expect(TokenType type, std::string_view called) {
  if (current().type != type) return unexpected(called);
  advance();
  return {};
}

Result<std::string> ExpressionParser::expect_name() {
  if (current().type != TokenType::kName) return unexpected("a name");
  std::string name = current().text;
  advance();
  return name;
}

NameId ExpressionParser::intern(const std::string& name) {
  const auto [found, added] = name_ids_.emplace(name, static_cast<NameId>(program_.names.size()));
  if (added) program_.names.push_back(constant_text(name));
  return found->second;
}

Value ExpressionParser::constant_text(std::string text) {
  auto object = std::make_unique<StringObject>();
  object->code_points = count_code_points(text);
  object->text = std::move(text);
  Object* const pointer = object.get();
  program_.constants.push_back(std::move(object));
  return Value::object(Kind::kString, pointer);
}

Status ExpressionParser::add_child(Expression& parent, const Expression* child) const {
  if (child == nullptr) return {};
  parent.depth = std::max(parent.depth, child->depth + 1);
  if (parent.depth > depth_max_)
    return fail(Code::kTooLarge, "the chat template nests deeper than {} at line {}", depth_max_,
                parent.line);
  return {};
}

Status ExpressionParser::add_children(Expression& parent, const CallArguments& arguments) const {
  for (const ExpressionPtr& argument : arguments.positional) TRY(add_child(parent, argument.get()));
  for (const auto& [name, argument] : arguments.named) TRY(add_child(parent, argument.get()));
  TRY(add_child(parent, arguments.all_positional.get()));
  return add_child(parent, arguments.all_named.get());
}

Result<ExpressionPtr> ExpressionParser::expression() { return conditional(); }

Result<ExpressionPtr> ExpressionParser::expression_without_condition() { return any_of(); }

Result<ExpressionPtr> ExpressionParser::tuple(bool with_condition, std::string_view end_name) {
  const std::uint32_t line = current().line;
  auto several = std::make_unique<Several>(ExpressionKind::kTuple, line);
  bool is_tuple = false;
  while (true) {
    if (current().type == TokenType::kVariableEnd || current().type == TokenType::kBlockEnd ||
        current().is_operator(")") || (!end_name.empty() && current().is_name(end_name)))
      break;
    several->parts.push_back(TRY(with_condition ? expression() : any_of()));
    TRY(add_child(*several, several->parts.back().get()));
    if (!skip_operator(",")) break;
    is_tuple = true;
  }
  if (is_tuple) return ExpressionPtr(std::move(several));
  if (several->parts.empty()) return unexpected("an expression");
  return std::move(several->parts.front());
}

Result<ExpressionPtr> ExpressionParser::conditional() {
  const Nesting nesting(*this);
  TRY(nesting.check());
  ExpressionPtr node = TRY(any_of());
  while (current().is_name("if")) {
    auto conditional = std::make_unique<Conditional>(ExpressionKind::kConditional, current().line);
    advance();
    conditional->then = std::move(node);
    conditional->test = TRY(any_of());
    if (skip_name("else")) conditional->otherwise = TRY(this->conditional());
    TRY(add_child(*conditional, conditional->then.get()));
    TRY(add_child(*conditional, conditional->test.get()));
    TRY(add_child(*conditional, conditional->otherwise.get()));
    node = std::move(conditional);
  }
  return node;
}

Result<ExpressionPtr> ExpressionParser::any_of() {
  ExpressionPtr first = TRY(all_of());
  if (!current().is_name("or")) return first;
  auto several = std::make_unique<Several>(ExpressionKind::kOr, current().line);
  several->parts.push_back(std::move(first));
  while (skip_name("or")) several->parts.push_back(TRY(all_of()));
  for (const ExpressionPtr& part : several->parts) TRY(add_child(*several, part.get()));
  return ExpressionPtr(std::move(several));
}

Result<ExpressionPtr> ExpressionParser::all_of() {
  ExpressionPtr first = TRY(negation());
  if (!current().is_name("and")) return first;
  auto several = std::make_unique<Several>(ExpressionKind::kAnd, current().line);
  several->parts.push_back(std::move(first));
  while (skip_name("and")) several->parts.push_back(TRY(negation()));
  for (const ExpressionPtr& part : several->parts) TRY(add_child(*several, part.get()));
  return ExpressionPtr(std::move(several));
}

Result<ExpressionPtr> ExpressionParser::negation() {
  if (!current().is_name("not")) return comparison();
  const Nesting nesting(*this);
  TRY(nesting.check());
  auto node = std::make_unique<Unary>(ExpressionKind::kNot, current().line);
  advance();
  node->operand = TRY(negation());
  TRY(add_child(*node, node->operand.get()));
  return ExpressionPtr(std::move(node));
}

namespace {
struct ComparisonSpelling {
  std::string_view spelling;
  Operator operation;
};
constexpr std::array kComparisons{
    ComparisonSpelling{"==", Operator::kEqual},  ComparisonSpelling{"!=", Operator::kNotEqual},
    ComparisonSpelling{"<", Operator::kLess},    ComparisonSpelling{"<=", Operator::kLessEqual},
    ComparisonSpelling{">", Operator::kGreater}, ComparisonSpelling{">=", Operator::kGreaterEqual},
};

const ComparisonSpelling* comparison_spelling(const Token& token) {
  for (const ComparisonSpelling& comparison : kComparisons)
    if (token.is_operator(comparison.spelling)) return &comparison;
  return nullptr;
}
}  // namespace

Result<ExpressionPtr> ExpressionParser::comparison() {
  ExpressionPtr first = TRY(sum());
  auto compare = std::make_unique<Compare>(ExpressionKind::kCompare, current().line);
  while (true) {
    Operator operation = Operator::kEqual;
    if (const ComparisonSpelling* spelled = comparison_spelling(current()); spelled != nullptr) {
      operation = spelled->operation;
    } else if (current().is_name("in")) {
      operation = Operator::kIn;
    } else if (current().is_name("not") && next().is_name("in")) {
      operation = Operator::kNotIn;
      advance();
    } else {
      break;
    }
    advance();
    ExpressionPtr right = TRY(sum());
    TRY(add_child(*compare, right.get()));
    compare->rest.emplace_back(operation, std::move(right));
  }
  if (compare->rest.empty()) return first;
  compare->first = std::move(first);
  TRY(add_child(*compare, compare->first.get()));
  return ExpressionPtr(std::move(compare));
}

Result<ExpressionPtr> ExpressionParser::binary(Operator operation, ExpressionPtr left,
                                               ExpressionPtr right, std::uint32_t line) {
  auto node = std::make_unique<Binary>(ExpressionKind::kBinary, line);
  node->operation = operation;
  node->left = std::move(left);
  node->right = std::move(right);
  TRY(add_child(*node, node->left.get()));
  TRY(add_child(*node, node->right.get()));
  return ExpressionPtr(std::move(node));
}

Result<ExpressionPtr> ExpressionParser::sum() {
  ExpressionPtr node = TRY(concatenation());
  while (current().is_operator("+") || current().is_operator("-")) {
    const Operator operation = current().text == "+" ? Operator::kAdd : Operator::kSubtract;
    const std::uint32_t line = current().line;
    advance();
    ExpressionPtr right = TRY(concatenation());
    node = TRY(binary(operation, std::move(node), std::move(right), line));
  }
  return node;
}

Result<ExpressionPtr> ExpressionParser::concatenation() {
  ExpressionPtr first = TRY(product());
  if (!current().is_operator("~")) return first;
  auto several = std::make_unique<Several>(ExpressionKind::kConcat, current().line);
  several->parts.push_back(std::move(first));
  while (skip_operator("~")) several->parts.push_back(TRY(product()));
  for (const ExpressionPtr& part : several->parts) TRY(add_child(*several, part.get()));
  return ExpressionPtr(std::move(several));
}

Result<ExpressionPtr> ExpressionParser::product() {
  ExpressionPtr node = TRY(power());
  while (true) {
    Operator operation = Operator::kMultiply;
    if (current().is_operator("*"))
      operation = Operator::kMultiply;
    else if (current().is_operator("/"))
      operation = Operator::kDivide;
    else if (current().is_operator("//"))
      operation = Operator::kFloorDivide;
    else if (current().is_operator("%"))
      operation = Operator::kModulo;
    else
      return node;
    const std::uint32_t line = current().line;
    advance();
    ExpressionPtr right = TRY(power());
    node = TRY(binary(operation, std::move(node), std::move(right), line));
  }
}

Result<ExpressionPtr> ExpressionParser::power() {
  ExpressionPtr node = TRY(unary(true));
  while (current().is_operator("**")) {
    const std::uint32_t line = current().line;
    advance();
    ExpressionPtr right = TRY(unary(true));
    node = TRY(binary(Operator::kPower, std::move(node), std::move(right), line));
  }
  return node;
}

Result<ExpressionPtr> ExpressionParser::unary(bool with_filters) {
  ExpressionPtr node;
  if (current().is_operator("-") || current().is_operator("+")) {
    auto sign = std::make_unique<Unary>(ExpressionKind::kUnary, current().line);
    sign->minus = current().text == "-";
    const Nesting nesting(*this);
    TRY(nesting.check());
    advance();
    sign->operand = TRY(unary(false));
    TRY(add_child(*sign, sign->operand.get()));
    node = std::move(sign);
  } else {
    node = TRY(primary());
  }
  node = TRY(with_postfix(std::move(node)));
  if (with_filters) return this->with_filters(std::move(node));
  return node;
}

Result<ExpressionPtr> ExpressionParser::name_or_constant() {
  const std::string name = current().text;
  const std::uint32_t line = current().line;
  advance();
  if (name == "true" || name == "True" || name == "false" || name == "False")
    return ExpressionPtr(
        std::make_unique<Constant>(Value::boolean(name == "true" || name == "True"), line));
  if (name == "none" || name == "None")
    return ExpressionPtr(std::make_unique<Constant>(Value::none(), line));
  uses.caller |= name == "caller";
  uses.varargs |= name == "varargs";
  uses.kwargs |= name == "kwargs";
  return ExpressionPtr(std::make_unique<Name>(intern(name), line));
}

Result<ExpressionPtr> ExpressionParser::primary() {
  const Token& token = current();
  const std::uint32_t line = token.line;
  switch (token.type) {
    case TokenType::kName:
      return name_or_constant();
    case TokenType::kString: {
      std::string text;
      for (; current().type == TokenType::kString; advance()) text += current().text;
      return ExpressionPtr(std::make_unique<Constant>(constant_text(std::move(text)), line));
    }
    case TokenType::kInteger: {
      const Value value = Value::integer(token.integer);
      advance();
      return ExpressionPtr(std::make_unique<Constant>(value, line));
    }
    case TokenType::kFloat: {
      const Value value = Value::real(token.real);
      advance();
      return ExpressionPtr(std::make_unique<Constant>(value, line));
    }
    default:
      break;
  }
  if (token.is_operator("[")) return list();
  if (token.is_operator("{")) return dict();
  if (!skip_operator("(")) return unexpected("an expression");
  if (skip_operator(")"))
    return ExpressionPtr(std::make_unique<Several>(ExpressionKind::kTuple, line));
  ExpressionPtr node = TRY(tuple());
  TRY(expect_operator(")"));
  return node;
}

Result<ExpressionPtr> ExpressionParser::list() {
  auto several = std::make_unique<Several>(ExpressionKind::kList, current().line);
  advance();
  while (!current().is_operator("]")) {
    if (!several->parts.empty()) {
      TRY(expect_operator(","));
      if (current().is_operator("]")) break;
    }
    several->parts.push_back(TRY(expression()));
    TRY(add_child(*several, several->parts.back().get()));
  }
  advance();
  return ExpressionPtr(std::move(several));
}

Result<ExpressionPtr> ExpressionParser::dict() {
  auto several = std::make_unique<Several>(ExpressionKind::kDict, current().line);
  advance();
  while (!current().is_operator("}")) {
    if (!several->parts.empty()) {
      TRY(expect_operator(","));
      if (current().is_operator("}")) break;
    }
    several->parts.push_back(TRY(expression()));
    TRY(add_child(*several, several->parts.back().get()));
    TRY(expect_operator(":"));
    several->parts.push_back(TRY(expression()));
    TRY(add_child(*several, several->parts.back().get()));
  }
  advance();
  return ExpressionPtr(std::move(several));
}

Result<ExpressionPtr> ExpressionParser::with_postfix(ExpressionPtr node) {
  while (true) {
    if (current().is_operator(".") || current().is_operator("["))
      node = TRY(subscript(std::move(node)));
    else if (current().is_operator("("))
      node = TRY(call(std::move(node)));
    else
      return node;
  }
}

Result<ExpressionPtr> ExpressionParser::with_filters(ExpressionPtr node) {
  while (true) {
    if (skip_operator("|")) {
      auto applied = TRY(filter());
      applied->value = std::move(node);
      TRY(add_child(*applied, applied->value.get()));
      node = std::move(applied);
    } else if (current().is_name("is")) {
      node = TRY(test(std::move(node)));
    } else if (current().is_operator("(")) {
      node = TRY(call(std::move(node)));
    } else {
      return node;
    }
  }
}

Result<ExpressionPtr> ExpressionParser::subscript(ExpressionPtr owner) {
  const std::uint32_t line = current().line;
  if (skip_operator(".")) {
    if (current().type == TokenType::kInteger) {
      auto item = std::make_unique<Item>(ExpressionKind::kItem, line);
      item->owner = std::move(owner);
      item->key = std::make_unique<Constant>(Value::integer(current().integer), line);
      advance();
      TRY(add_child(*item, item->owner.get()));
      return ExpressionPtr(std::move(item));
    }
    auto attribute = std::make_unique<Attribute>(ExpressionKind::kAttribute, line);
    attribute->name = constant_text(TRY(expect_name()));
    attribute->owner = std::move(owner);
    TRY(add_child(*attribute, attribute->owner.get()));
    return ExpressionPtr(std::move(attribute));
  }
  TRY(expect_operator("["));
  ExpressionPtr key;
  if (!current().is_operator(":")) {
    if (current().is_operator("]")) return unexpected("an index or a slice");
    key = TRY(expression());
  }
  if (current().is_operator(":")) return slice(std::move(owner), std::move(key));
  if (current().is_operator(",")) {
    auto several = std::make_unique<Several>(ExpressionKind::kTuple, line);
    several->parts.push_back(std::move(key));
    while (skip_operator(",")) {
      if (current().is_operator("]")) break;
      several->parts.push_back(TRY(expression()));
    }
    for (const ExpressionPtr& part : several->parts) TRY(add_child(*several, part.get()));
    key = std::move(several);
  }
  TRY(expect_operator("]"));
  auto item = std::make_unique<Item>(ExpressionKind::kItem, line);
  item->owner = std::move(owner);
  item->key = std::move(key);
  TRY(add_child(*item, item->owner.get()));
  TRY(add_child(*item, item->key.get()));
  return ExpressionPtr(std::move(item));
}

Result<ExpressionPtr> ExpressionParser::slice(ExpressionPtr owner, ExpressionPtr start) {
  auto node = std::make_unique<Slice>(ExpressionKind::kSlice, current().line);
  node->owner = std::move(owner);
  node->start = std::move(start);
  TRY(expect_operator(":"));
  if (!current().is_operator(":") && !current().is_operator("]")) node->stop = TRY(expression());
  if (skip_operator(":") && !current().is_operator("]")) node->step = TRY(expression());
  TRY(expect_operator("]"));
  for (const ExpressionPtr* child : {&node->owner, &node->start, &node->stop, &node->step})
    TRY(add_child(*node, child->get()));
  return ExpressionPtr(std::move(node));
}

Result<CallArguments> ExpressionParser::call_arguments() {
  CallArguments arguments;
  const std::uint32_t line = current().line;
  TRY(expect_operator("("));
  bool first = true;
  while (!current().is_operator(")")) {
    if (!first) {
      TRY(expect_operator(","));
      if (current().is_operator(")")) break;
    }
    first = false;
    if (skip_operator("*")) {
      if (arguments.all_positional || arguments.all_named)
        return syntax_error(line, "a call may have only one *argument, before **argument");
      arguments.all_positional = TRY(expression());
    } else if (skip_operator("**")) {
      if (arguments.all_named) return syntax_error(line, "a call may have only one **argument");
      arguments.all_named = TRY(expression());
    } else if (current().type == TokenType::kName && next().is_operator("=")) {
      if (arguments.all_named) return syntax_error(line, "an argument follows **argument");
      std::string name = current().text;
      advance();
      advance();
      ExpressionPtr value = TRY(expression());
      arguments.named.emplace_back(std::move(name), std::move(value));
    } else {
      if (arguments.all_positional || arguments.all_named || !arguments.named.empty())
        return syntax_error(line, "an argument without a name follows one with a name");
      arguments.positional.push_back(TRY(expression()));
    }
  }
  advance();
  return arguments;
}

Result<ExpressionPtr> ExpressionParser::call(ExpressionPtr callee) {
  auto node = std::make_unique<Call>(ExpressionKind::kCall, current().line);
  node->arguments = TRY(call_arguments());
  node->callee = std::move(callee);
  TRY(add_child(*node, node->callee.get()));
  TRY(add_children(*node, node->arguments));
  return ExpressionPtr(std::move(node));
}

Result<std::unique_ptr<Applied>> ExpressionParser::filter() {
  auto applied = std::make_unique<Applied>(ExpressionKind::kFilter, current().line);
  applied->name = TRY(expect_name());
  while (skip_operator(".")) applied->name += "." + TRY(expect_name());
  applied->function = find_filter(applied->name);
  if (current().is_operator("(")) applied->arguments = TRY(call_arguments());
  TRY(add_children(*applied, applied->arguments));
  return applied;
}

Result<ExpressionPtr> ExpressionParser::test(ExpressionPtr node) {
  auto applied = std::make_unique<Applied>(ExpressionKind::kTest, current().line);
  advance();
  const bool negated = skip_name("not");
  applied->name = TRY(expect_name());
  while (skip_operator(".")) applied->name += "." + TRY(expect_name());
  applied->function = find_test(applied->name);
  const Token& token = current();
  if (token.is_operator("(")) {
    applied->arguments = TRY(call_arguments());
  } else if ((token.type == TokenType::kName && !token.is_name("else") && !token.is_name("or") &&
              !token.is_name("and")) ||
             token.type == TokenType::kString || token.type == TokenType::kInteger ||
             token.type == TokenType::kFloat || token.is_operator("[") || token.is_operator("{")) {
    if (token.is_name("is")) return syntax_error(token.line, "tests cannot be chained with 'is'");
    ExpressionPtr argument = TRY(primary());
    applied->arguments.positional.push_back(TRY(with_postfix(std::move(argument))));
  }
  applied->value = std::move(node);
  TRY(add_child(*applied, applied->value.get()));
  TRY(add_children(*applied, applied->arguments));
  if (!negated) return ExpressionPtr(std::move(applied));
  auto negation = std::make_unique<Unary>(ExpressionKind::kNot, applied->line);
  negation->operand = std::move(applied);
  TRY(add_child(*negation, negation->operand.get()));
  return ExpressionPtr(std::move(negation));
}

}  // namespace nearside::text::jinja
