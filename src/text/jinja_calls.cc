// Loops, macros and calls of the interpreter.
#include "text/jinja_collections.h"
#include "text/jinja_interpreter.h"
#include "text/jinja_operators.h"
#include "text/jinja_print.h"

namespace nearside::text::jinja {

using base::Code;
using base::Result;
using base::Status;

Result<Value> Interpreter::loop_items(const ForStatement& statement, const Value& items) {
  Value all = TRY(to_sequence(budget, items));
  if (!statement.test) return all;
  std::vector<Value> kept;
  scopes_.open();
  for (std::size_t i = 0; i < all.items().size(); ++i) {
    const Value item = all.items()[i];
    TRY(assign(statement.target, item));
    const Value test = TRY(evaluate(*statement.test));
    if (is_true(test)) kept.push_back(item);
  }
  scopes_.close();
  return make_list(budget, std::move(kept));
}

Status Interpreter::loop(const ForStatement& statement, const Value& items, std::size_t nesting) {
  const std::uint32_t line = line_;
  const Scopes::Mark outside = scopes_.mark();
  auto object = std::make_unique<LoopObject>();
  LoopObject& state = *object;
  state.items = TRY(loop_items(statement, items));
  state.length = state.items.items().size();
  state.nesting = nesting;
  state.recurses = statement.recursive ? &statement : nullptr;
  state.frame = outside.index;
  state.frame_serial = outside.serial;
  const Value held = state.items;
  const Value loop =
      TRY(adopt(budget, Kind::kLoop, std::move(object), sizeof(LoopObject), &held, 1));

  scopes_.open();
  Status status;
  bool completed = false;  // some round ran to its end: Jinja's `else` is for when none did
  for (; state.index0 < held.items().size(); ++state.index0) {
    line_ = line;
    scopes_.restart();
    if (loop_id_) scopes_.set(*loop_id_, loop);
    status = assign(statement.target, held.items()[state.index0]);
    if (!status) break;
    const auto flow = execute(statement.body);
    if (!flow) status = flow.error();
    if (!flow || *flow == Flow::kBreak) break;
    completed |= *flow == Flow::kOn;
  }
  if (state.index0 > 0 && state.index0 >= held.items().size()) --state.index0;
  state.changed.reset();  // may hold the loop itself
  scopes_.close();
  if (!status || completed || statement.otherwise.empty()) return status;
  scopes_.open();
  TRY(execute(statement.otherwise));
  scopes_.close();
  return {};
}

Result<Value> Interpreter::call(const Value& callee, Arguments& arguments) {
  switch (callee.kind()) {
    case Kind::kFunction: {
      const auto& function = callee.as<FunctionObject>();
      return function.entry->call(*this, function.subject, arguments);
    }
    case Kind::kMacro:
      return call_macro(callee, arguments);
    case Kind::kLoop:
      return call_loop(callee, arguments);
    case Kind::kJoiner: {
      auto& joiner = callee.as<JoinerObject>();
      std::string text = joiner.used ? joiner.separator : std::string();
      joiner.used = true;
      return make_string(budget, std::move(text));
    }
    case Kind::kUndefined:
      return undefined_error(callee);
    default:
      return type_error("'{}' object is not callable", type_name(callee));
  }
}

namespace {
base::Error out_of_scope(std::string_view what) {
  return base::fail(Code::kInvalidArgument,
                    "a {} is called outside of the block it was defined in, which is not supported",
                    what);
}
}  // namespace

Result<Value> Interpreter::call_macro(const Value& macro, Arguments& arguments) {
  const auto& object = macro.as<MacroObject>();
  if (!scopes_.alive({object.frame, object.frame_serial})) return out_of_scope("macro");
  const Level level(calls_);
  if (calls_ > budget.limits().depth_max)
    return base::fail(Code::kTooLarge, "macros call each other deeper than {}",
                      budget.limits().depth_max);
  scopes_.open(object.frame);
  TRY(bind_parameters(*object.definition, arguments));
  Value text = TRY(captured(object.definition->body));
  scopes_.close();
  return text;
}

Status Interpreter::bind_parameters(const MacroDefinition& macro, Arguments& arguments) {
  auto& named = arguments.named;
  const auto take_named = [&named](std::string_view name) -> std::optional<Value> {
    for (auto it = named.begin(); it != named.end(); ++it) {
      if (it->first != name) continue;
      Value value = std::move(it->second);
      named.erase(it);
      return value;
    }
    return std::nullopt;
  };
  bool has_caller_parameter = false;
  for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
    const MacroDefinition::Parameter& parameter = macro.parameters[i];
    has_caller_parameter |= caller_id_ && parameter.name == *caller_id_;
    if (i < arguments.positional.size()) {
      scopes_.set(parameter.name, arguments.positional[i]);
      continue;
    }
    std::optional<Value> value = take_named(program_.names[parameter.name].text());
    if (!value && parameter.otherwise) value = TRY(evaluate(*parameter.otherwise));
    if (!value)
      value = TRY(make_undefined(budget, fmt::format("parameter '{}' was not provided",
                                                     program_.names[parameter.name].text())));
    scopes_.set(parameter.name, std::move(*value));
  }
  if (macro.takes_caller && caller_id_ && !has_caller_parameter) {
    std::optional<Value> caller = take_named("caller");
    if (!caller) caller = TRY(make_undefined(budget, "No caller defined"));
    scopes_.set(*caller_id_, std::move(*caller));
  }
  if (macro.takes_more_named && kwargs_id_) {
    DictBuilder builder(budget);
    for (auto& [name, value] : named) {
      Value key = TRY(make_string(budget, name));
      TRY(builder.set(std::move(key), std::move(value)));
    }
    scopes_.set(*kwargs_id_, TRY(builder.build()));
  } else if (!named.empty()) {
    return type_error("macro '{}' takes no keyword argument '{}'", macro.name, named.front().first);
  }
  if (macro.takes_more_positional && varargs_id_) {
    std::vector<Value> more;
    for (std::size_t i = macro.parameters.size(); i < arguments.positional.size(); ++i)
      more.push_back(arguments.positional[i]);
    scopes_.set(*varargs_id_, TRY(make_tuple(budget, std::move(more))));
  } else if (arguments.positional.size() > macro.parameters.size()) {
    return type_error("macro '{}' takes not more than {} argument(s)", macro.name,
                      macro.parameters.size());
  }
  return {};
}

Result<Value> Interpreter::call_loop(const Value& value, Arguments& arguments) {
  const auto& object = value.as<LoopObject>();
  if (object.recurses == nullptr)
    return type_error("The loop must have the 'recursive' marker to be called recursively.");
  const Bound bound = TRY(bind("loop", arguments, {"iterable"}, 1));
  if (!scopes_.alive({object.frame, object.frame_serial})) return out_of_scope("loop");
  const Level level(calls_);
  if (calls_ > budget.limits().depth_max)
    return base::fail(Code::kTooLarge, "a loop calls itself deeper than {}",
                      budget.limits().depth_max);
  Output output(budget);
  Output* const outside = output_;
  output_ = &output;
  scopes_.open(object.frame);
  const Status status = loop(*object.recurses, *bound[0], object.nesting + 1);
  scopes_.close();
  output_ = outside;
  if (!status) return status.error();
  return make_string(budget, std::move(output.text));
}

Result<Arguments> Interpreter::evaluate_arguments(const CallArguments& arguments) {
  Arguments values;
  values.positional.reserve(arguments.positional.size());
  for (const ExpressionPtr& argument : arguments.positional)
    values.positional.push_back(TRY(evaluate(*argument)));
  for (const auto& [name, argument] : arguments.named)
    values.named.emplace_back(name, TRY(evaluate(*argument)));
  if (arguments.all_positional) {
    const Value given = TRY(evaluate(*arguments.all_positional));
    const Value items = TRY(to_sequence(budget, given));
    TRY(budget.charge_items(items.items().size()));
    values.positional.insert(values.positional.end(), items.items().begin(), items.items().end());
  }
  if (arguments.all_named) {
    const Value given = TRY(evaluate(*arguments.all_named));
    if (!given.is(Kind::kDict))
      return type_error("argument after ** must be a mapping, not {}", type_name(given));
    TRY(budget.charge_items(given.dict().entries.size()));
    for (const auto& [name, value] : given.dict().entries) {
      if (!name.is_string()) return type_error("keywords must be strings");
      values.named.emplace_back(std::string(name.text()), value);
    }
  }
  return values;
}

}  // namespace nearside::text::jinja
