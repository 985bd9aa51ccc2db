// The tree of a parsed template.
//
// Expressions and statements are small structs with a kind; the interpreter switches on it. Names
// are numbers (index into Program::names), so that looking one up compares integers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "text/jinja_value.h"

namespace nearside::text::jinja {

struct FunctionEntry;  // jinja_function.h

using NameId = std::uint32_t;

enum class ExpressionKind : std::uint8_t {
  kConstant,
  kName,
  kList,
  kTuple,
  kDict,
  kAttribute,  // a.b
  kItem,       // a[b]
  kSlice,      // a[b:c:d]
  kCall,
  kFilter,
  kTest,
  kUnary,
  kBinary,
  kCompare,
  kConcat,
  kAnd,
  kOr,
  kNot,
  kConditional,
};

struct Expression {
  Expression(ExpressionKind expression_kind, std::uint32_t source_line)
      : kind(expression_kind), line(source_line) {}
  virtual ~Expression() = default;
  ExpressionKind kind;
  std::uint32_t line;
  std::uint32_t depth = 1;  // of the tree below, bounded by TemplateLimits::depth_max
};
using ExpressionPtr = std::unique_ptr<Expression>;

struct Constant final : Expression {
  Constant(Value constant, std::uint32_t source_line)
      : Expression(ExpressionKind::kConstant, source_line), value(std::move(constant)) {}
  Value value;
};

struct Name final : Expression {
  Name(NameId name, std::uint32_t source_line)
      : Expression(ExpressionKind::kName, source_line), id(name) {}
  NameId id;
};

/// List, tuple, dict (key, value, key, value, ...), concatenation, and, or.
struct Several final : Expression {
  using Expression::Expression;
  std::vector<ExpressionPtr> parts;
};

struct Attribute final : Expression {
  using Expression::Expression;
  ExpressionPtr owner;
  Value name;  // a constant text
};

struct Item final : Expression {
  using Expression::Expression;
  ExpressionPtr owner;
  ExpressionPtr key;
};

struct Slice final : Expression {
  using Expression::Expression;
  ExpressionPtr owner;
  ExpressionPtr start;  // null where left out
  ExpressionPtr stop;
  ExpressionPtr step;
};

struct CallArguments {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr all_positional;  // *expression, or null
  ExpressionPtr all_named;       // **expression, or null
};

struct Call final : Expression {
  using Expression::Expression;
  ExpressionPtr callee;
  CallArguments arguments;
};

/// A filter or a test. `value` is null in filter blocks, which hand it their body.
struct Applied final : Expression {
  using Expression::Expression;
  ExpressionPtr value;
  std::string name;
  const FunctionEntry* function = nullptr;  // null: no such filter or test; fails when reached
  CallArguments arguments;
};

enum class Operator : std::uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn,
};

struct Unary final : Expression {  // kUnary: minus or plus; kNot
  using Expression::Expression;
  bool minus = false;
  ExpressionPtr operand;
};

struct Binary final : Expression {
  using Expression::Expression;
  Operator operation = Operator::kAdd;
  ExpressionPtr left;
  ExpressionPtr right;
};

struct Compare final : Expression {
  using Expression::Expression;
  ExpressionPtr first;
  std::vector<std::pair<Operator, ExpressionPtr>> rest;
};

struct Conditional final : Expression {
  using Expression::Expression;
  ExpressionPtr test;
  ExpressionPtr then;
  ExpressionPtr otherwise;  // null: undefined
};

/// Where an assignment goes: a name, a namespace's member, or several targets to unpack into.
struct Target {
  enum class Kind : std::uint8_t { kName, kMember, kSeveral };
  Kind kind = Kind::kName;
  NameId name = 0;
  std::string member;
  std::vector<Target> parts;
};

enum class StatementKind : std::uint8_t {
  kText,
  kPrint,
  kIf,
  kFor,
  kSet,
  kSetBlock,
  kMacro,
  kCallBlock,
  kFilterBlock,
  kWith,
  kScope,
  kBreak,
  kContinue,
};

struct Statement {
  Statement(StatementKind statement_kind, std::uint32_t source_line)
      : kind(statement_kind), line(source_line) {}
  virtual ~Statement() = default;
  StatementKind kind;
  std::uint32_t line;
};
using StatementPtr = std::unique_ptr<Statement>;
using Body = std::vector<StatementPtr>;

struct TextStatement final : Statement {
  using Statement::Statement;
  std::string text;
};

struct PrintStatement final : Statement {
  using Statement::Statement;
  ExpressionPtr value;
};

struct IfStatement final : Statement {
  using Statement::Statement;
  struct Branch {
    ExpressionPtr test;  // null: else
    Body body;
  };
  std::vector<Branch> branches;
};

struct ForStatement final : Statement {
  using Statement::Statement;
  Target target;
  ExpressionPtr items;
  ExpressionPtr test;  // null without `if`
  bool recursive = false;
  Body body;
  Body otherwise;
};

struct SetStatement final : Statement {
  using Statement::Statement;
  Target target;
  ExpressionPtr value;
};

/// {% set x %}...{% endset %} and {% filter f %}...{% endfilter %}; `filters` innermost first.
struct CaptureStatement final : Statement {
  using Statement::Statement;
  Target target;  // kSetBlock only
  std::vector<std::unique_ptr<Applied>> filters;
  Body body;
};

struct MacroDefinition {
  struct Parameter {
    NameId name = 0;
    ExpressionPtr otherwise;  // null: required
  };
  std::string name;
  std::vector<Parameter> parameters;
  bool takes_more_positional = false;  // the body reads `varargs`
  bool takes_more_named = false;       // `kwargs`
  bool takes_caller = false;           // `caller`
  Body body;
};

struct MacroStatement final : Statement {
  using Statement::Statement;
  NameId name = 0;
  MacroDefinition macro;
};

struct CallBlockStatement final : Statement {
  using Statement::Statement;
  MacroDefinition caller;
  std::unique_ptr<Call> call;
};

/// {% with a = 1 %} and plain scopes (blocks): names set inside do not leave.
struct ScopeStatement final : Statement {
  using Statement::Statement;
  std::vector<std::pair<Target, ExpressionPtr>> assignments;
  Body body;
};

/// A parsed template. Immutable; shared by renderings.
struct Program {
  // Owns what constant Values point at, so it is declared before them and goes after them: a Value
  // that ends looks at its object.
  std::vector<std::unique_ptr<Object>> constants;
  Body body;
  std::vector<Value> names;  // texts; index is NameId
};

}  // namespace nearside::text::jinja
