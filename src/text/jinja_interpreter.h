// Runs a parsed template: statements write text, expressions give values.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "text/jinja_ast.h"
#include "text/jinja_function.h"
#include "text/jinja_loop.h"
#include "text/jinja_macro.h"
#include "text/jinja_scopes.h"

namespace nearside::text::jinja {

/// One rendering. Not thread-safe; the program may be shared.
class Interpreter final : public Runtime {
 public:
  Interpreter(const Program& program, Budget& runtime_budget, base::WallTime runtime_now);
  ~Interpreter() override;
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  void define(NameId name, Value value) { scopes_.set(name, std::move(value)); }

  /// Errors: kInvalidArgument (what Jinja would raise, with line), kTooLarge.
  base::Result<std::string> run();

  base::Result<Value> call(const Value& callee, Arguments& arguments) override;
  void keep_namespace(const Value& space) override { namespaces_.push_back(space); }

 private:
  enum class Flow { kOn, kBreak, kContinue };

  /// Levels of our own recursion for each level that TemplateLimits::depth_max allows. A macro call
  /// takes about eight: body, statement, expression and its parts.
  static constexpr std::size_t kLevelsPerDepth = 16;

  /// Text being written; what it holds is charged, because captures nest.
  struct Output {
    explicit Output(Budget& output_budget) : budget(output_budget) {}
    ~Output() { budget.release(held_bytes); }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    base::Status charge();
    Budget& budget;
    std::string text;
    std::size_t held_bytes = 0;
  };
  /// Counts one level of recursion while it lives.
  class Level {
   public:
    explicit Level(std::size_t& count) : count_(++count) {}
    ~Level() { --count_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    std::size_t& count_;
  };

  [[nodiscard]] base::Status check_levels() const;

  // Statements (jinja_interpreter.cc).
  base::Result<Flow> execute(const Body& body);
  base::Result<Flow> execute(const Statement& statement);
  base::Status write(std::string_view text);
  base::Status print(const PrintStatement& statement);
  base::Result<Flow> branch(const IfStatement& statement);
  base::Result<Flow> scope(const ScopeStatement& statement);
  base::Status capture(const CaptureStatement& statement);
  base::Status call_block(const CallBlockStatement& statement);
  base::Status assign(const Target& target, Value value);
  base::Result<Value> make_macro(const MacroDefinition& definition);
  /// The text that a body writes, its scope opened and closed by the caller.
  base::Result<Value> captured(const Body& body);

  // Loops and macros (jinja_calls.cc).
  base::Status loop(const ForStatement& statement, const Value& items, std::size_t nesting);
  base::Result<Value> loop_items(const ForStatement& statement, const Value& items);
  base::Result<Value> call_macro(const Value& macro, Arguments& arguments);
  base::Status bind_parameters(const MacroDefinition& macro, Arguments& arguments);
  base::Result<Value> call_loop(const Value& loop, Arguments& arguments);
  base::Result<Arguments> evaluate_arguments(const CallArguments& arguments);

  // Expressions (jinja_evaluate.cc).
  base::Result<Value> evaluate(const Expression& expression);
  base::Result<Value> dispatch(const Expression& expression);
  base::Result<Value> evaluate_name(const Name& name);
  base::Result<Value> evaluate_sequence(const Several& several);
  base::Result<Value> evaluate_dict(const Several& several);
  base::Result<Value> evaluate_slice(const Slice& slice);
  base::Result<Value> evaluate_call(const Call& call);
  base::Result<Value> evaluate_applied(const Applied& applied);
  base::Result<Value> apply(const Applied& applied, const Value& value);
  base::Result<Value> evaluate_compare(const Compare& compare);
  base::Result<Value> evaluate_concat(const Several& several);
  base::Result<Value> evaluate_choice(const Several& several, bool stops_at);
  base::Result<Value> evaluate_conditional(const Conditional& conditional);

  const Program& program_;
  Scopes scopes_;
  Output* output_ = nullptr;
  std::vector<Value> namespaces_;  // emptied at the end: they can hold themselves
  std::size_t calls_ = 0;          // macros and recursive loops inside each other
  std::size_t levels_ = 0;         // recursion of execute() and evaluate()
  std::uint32_t line_ = 1;         // where we are, for errors
  // Names the interpreter binds itself; empty where the template never reads them.
  std::optional<NameId> loop_id_;
  std::optional<NameId> caller_id_;
  std::optional<NameId> varargs_id_;
  std::optional<NameId> kwargs_id_;
};

}  // namespace nearside::text::jinja
