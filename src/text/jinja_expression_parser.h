// Parses expressions, with Jinja's grammar and precedence.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/jinja_ast.h"
#include "text/jinja_lexer.h"

namespace nearside::text::jinja {

/// The tokens, where we stand in them, and the program being built. Shared with the statement
/// parser (jinja_parser.cc).
class ExpressionParser {
 public:
  ExpressionParser(std::vector<Token> tokens, Program& program, std::size_t depth_max)
      : tokens_(std::move(tokens)), program_(program), depth_max_(depth_max) {}

  /// Errors of all: kInvalidArgument (syntax, with line), kTooLarge (nested too deep).
  base::Result<ExpressionPtr> expression();
  /// Without `a if b else c` on the outside: tests of `if` and items of `for`.
  base::Result<ExpressionPtr> expression_without_condition();
  /// One expression, or a tuple without parentheses. `end_name` also ends it.
  base::Result<ExpressionPtr> tuple(bool with_condition = true, std::string_view end_name = {});
  base::Result<CallArguments> call_arguments();
  /// What stands after a `|`: name and arguments. The filtered value is left null.
  base::Result<std::unique_ptr<Applied>> filter();

  [[nodiscard]] const Token& current() const { return tokens_[at_]; }
  [[nodiscard]] const Token& next() const {
    return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_];
  }
  void advance() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  bool skip_operator(std::string_view spelling);
  bool skip_name(std::string_view spelling);
  base::Status expect_operator(std::string_view spelling);
  base::Status expect(TokenType type, std::string_view called);
  base::Result<std::string> expect_name();
  [[nodiscard]] base::Error unexpected(std::string_view wanted) const;

  NameId intern(const std::string& name);
  Value constant_text(std::string text);

  /// Counts nesting while parsing goes down; every recursion holds one.
  class Nesting {
   public:
    explicit Nesting(ExpressionParser& parser) : parser_(parser) { ++parser_.nesting_; }
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    /// Errors: kTooLarge.
    [[nodiscard]] base::Status check() const;

   private:
    ExpressionParser& parser_;
  };

  /// Names read since parsing began, for finding out which of caller, varargs, kwargs a macro uses.
  struct Uses {
    bool caller = false;
    bool varargs = false;
    bool kwargs = false;
  };
  Uses uses;

 private:
  friend class Nesting;
  base::Result<ExpressionPtr> conditional();
  base::Result<ExpressionPtr> any_of();
  base::Result<ExpressionPtr> all_of();
  base::Result<ExpressionPtr> negation();
  base::Result<ExpressionPtr> comparison();
  base::Result<ExpressionPtr> sum();
  base::Result<ExpressionPtr> concatenation();
  base::Result<ExpressionPtr> product();
  base::Result<ExpressionPtr> power();
  base::Result<ExpressionPtr> unary(bool with_filters);
  base::Result<ExpressionPtr> primary();
  base::Result<ExpressionPtr> name_or_constant();
  base::Result<ExpressionPtr> list();
  base::Result<ExpressionPtr> dict();
  base::Result<ExpressionPtr> with_postfix(ExpressionPtr node);
  base::Result<ExpressionPtr> with_filters(ExpressionPtr node);
  base::Result<ExpressionPtr> subscript(ExpressionPtr owner);
  base::Result<ExpressionPtr> slice(ExpressionPtr owner, ExpressionPtr start);
  base::Result<ExpressionPtr> test(ExpressionPtr node);
  base::Result<ExpressionPtr> call(ExpressionPtr callee);
  base::Result<ExpressionPtr> binary(Operator operation, ExpressionPtr left, ExpressionPtr right,
                                     std::uint32_t line);
  // Sets the node's depth from its children's. Errors: kTooLarge.
  base::Status add_child(Expression& parent, const Expression* child) const;
  base::Status add_children(Expression& parent, const CallArguments& arguments) const;

  std::vector<Token> tokens_;
  Program& program_;
  const std::size_t depth_max_;
  std::size_t at_ = 0;
  std::size_t nesting_ = 0;
  std::unordered_map<std::string, NameId> name_ids_;
};

}  // namespace nearside::text::jinja
