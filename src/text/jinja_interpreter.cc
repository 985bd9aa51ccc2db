#include "text/jinja_interpreter.h"

#include "text/jinja_collections.h"
#include "text/jinja_operators.h"
#include "text/jinja_print.h"

namespace nearside::text::jinja {

using base::Code;
using base::Result;
using base::Status;

Interpreter::Interpreter(const Program& program, Budget& runtime_budget, base::WallTime runtime_now)
    : Runtime(runtime_budget, runtime_now), program_(program), scopes_(program.names.size()) {
  for (NameId id = 0; id < program.names.size(); ++id) {
    const std::string_view name = program.names[id].text();
    if (name == "loop") loop_id_ = id;
    if (name == "caller") caller_id_ = id;
    if (name == "varargs") varargs_id_ = id;
    if (name == "kwargs") kwargs_id_ = id;
  }
}

Interpreter::~Interpreter() {
  for (const Value& space : namespaces_) space.as<NamespaceObject>().members.clear();
}

Status Interpreter::Output::charge() {
  if (text.size() > budget.limits().output_bytes_max) return budget.charge_text(text.size());
  if (text.capacity() > held_bytes) {
    TRY(budget.hold(text.capacity() - held_bytes));
    held_bytes = text.capacity();
  }
  return {};
}

Status Interpreter::check_levels() const {
  if (levels_ > kLevelsPerDepth * budget.limits().depth_max)
    return base::fail(Code::kTooLarge, "it nests deeper than {}", budget.limits().depth_max);
  return {};
}

Result<std::string> Interpreter::run() {
  Output output(budget);
  output_ = &output;
  auto flow = execute(program_.body);
  output_ = nullptr;
  if (flow) return std::move(output.text);
  return std::move(flow).error().with_context(
      fmt::format("the chat template fails at line {}", line_));
}

Status Interpreter::write(std::string_view text) {
  TRY(budget.charge_text(text.size()));
  output_->text += text;
  return output_->charge();
}

Status Interpreter::print(const PrintStatement& statement) {
  const Value value = TRY(evaluate(*statement.value));
  TRY(append_str(budget, output_->text, value));
  return output_->charge();
}

Result<Interpreter::Flow> Interpreter::execute(const Body& body) {
  const Level level(levels_);
  TRY(check_levels());
  for (const StatementPtr& statement : body) {
    const Flow flow = TRY(execute(*statement));
    if (flow != Flow::kOn) return flow;
  }
  return Flow::kOn;
}

Result<Interpreter::Flow> Interpreter::execute(const Statement& statement) {
  if (!budget.take_steps()) return budget.too_many_steps();
  line_ = statement.line;
  switch (statement.kind) {
    case StatementKind::kText:
      TRY(write(static_cast<const TextStatement&>(statement).text));
      return Flow::kOn;
    case StatementKind::kPrint:
      TRY(print(static_cast<const PrintStatement&>(statement)));
      return Flow::kOn;
    case StatementKind::kIf:
      return branch(static_cast<const IfStatement&>(statement));
    case StatementKind::kFor: {
      const auto& node = static_cast<const ForStatement&>(statement);
      const Value items = TRY(evaluate(*node.items));
      TRY(loop(node, items, 0));
      return Flow::kOn;
    }
    case StatementKind::kSet: {
      const auto& node = static_cast<const SetStatement&>(statement);
      Value value = TRY(evaluate(*node.value));
      TRY(assign(node.target, std::move(value)));
      return Flow::kOn;
    }
    case StatementKind::kSetBlock:
    case StatementKind::kFilterBlock:
      TRY(capture(static_cast<const CaptureStatement&>(statement)));
      return Flow::kOn;
    case StatementKind::kMacro: {
      const auto& node = static_cast<const MacroStatement&>(statement);
      scopes_.set(node.name, TRY(make_macro(node.macro)));
      return Flow::kOn;
    }
    case StatementKind::kCallBlock:
      TRY(call_block(static_cast<const CallBlockStatement&>(statement)));
      return Flow::kOn;
    case StatementKind::kWith:
    case StatementKind::kScope:
      return scope(static_cast<const ScopeStatement&>(statement));
    case StatementKind::kBreak:
      return Flow::kBreak;
    case StatementKind::kContinue:
      return Flow::kContinue;
  }
  return Flow::kOn;
}

Result<Interpreter::Flow> Interpreter::branch(const IfStatement& statement) {
  for (const IfStatement::Branch& branch : statement.branches) {
    if (branch.test) {
      const Value test = TRY(evaluate(*branch.test));
      if (!is_true(test)) continue;
    }
    return execute(branch.body);
  }
  return Flow::kOn;
}

Result<Interpreter::Flow> Interpreter::scope(const ScopeStatement& statement) {
  std::vector<Value> values;  // evaluated outside of the new scope
  for (const auto& [target, expression] : statement.assignments)
    values.push_back(TRY(evaluate(*expression)));
  scopes_.open();
  for (std::size_t i = 0; i < values.size(); ++i)
    TRY(assign(statement.assignments[i].first, std::move(values[i])));
  const Flow flow = TRY(execute(statement.body));
  scopes_.close();
  return flow;
}

Result<Value> Interpreter::captured(const Body& body) {
  Output output(budget);
  Output* const outside = output_;
  output_ = &output;
  const auto flow = execute(body);
  output_ = outside;
  if (!flow) return flow.error();
  return make_string(budget, std::move(output.text));
}

Status Interpreter::capture(const CaptureStatement& statement) {
  scopes_.open();
  Value text = TRY(captured(statement.body));
  scopes_.close();
  for (const auto& filter : statement.filters) text = TRY(apply(*filter, text));
  if (statement.kind == StatementKind::kSetBlock) return assign(statement.target, std::move(text));
  TRY(append_str(budget, output_->text, text));
  return output_->charge();
}

Status Interpreter::call_block(const CallBlockStatement& statement) {
  const Value callee = TRY(evaluate(*statement.call->callee));
  Arguments arguments = TRY(evaluate_arguments(statement.call->arguments));
  arguments.named.emplace_back("caller", TRY(make_macro(statement.caller)));
  const Value text = TRY(call(callee, arguments));
  TRY(append_str(budget, output_->text, text));
  return output_->charge();
}

Result<Value> Interpreter::make_macro(const MacroDefinition& definition) {
  auto object = std::make_unique<MacroObject>();
  object->definition = &definition;
  const Scopes::Mark mark = scopes_.mark();
  object->frame = mark.index;
  object->frame_serial = mark.serial;
  return adopt(budget, Kind::kMacro, std::move(object), sizeof(MacroObject), nullptr, 0);
}

Status Interpreter::assign(const Target& target, Value value) {
  switch (target.kind) {
    case Target::Kind::kName:
      scopes_.set(target.name, std::move(value));
      return {};
    case Target::Kind::kMember: {
      const Value* const space = scopes_.find(target.name);
      if (space == nullptr || !space->is(Kind::kNamespace))
        return base::fail(Code::kInvalidArgument,
                          "TemplateRuntimeError: cannot assign attribute on non-namespace object");
      for (auto& [member, held] : space->as<NamespaceObject>().members) {
        if (member != target.member) continue;
        held = std::move(value);
        return {};
      }
      space->as<NamespaceObject>().members.emplace_back(target.member, std::move(value));
      return {};
    }
    case Target::Kind::kSeveral:
      break;
  }
  const Value items = TRY(to_sequence(budget, value));
  const std::size_t wanted = target.parts.size();
  const std::size_t given = items.items().size();
  if (given < wanted)
    return value_error("not enough values to unpack (expected {}, got {})", wanted, given);
  if (given > wanted) return value_error("too many values to unpack (expected {})", wanted);
  for (std::size_t i = 0; i < wanted; ++i) TRY(assign(target.parts[i], items.items()[i]));
  return {};
}

}  // namespace nearside::text::jinja
