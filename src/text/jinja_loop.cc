#include "text/jinja_loop.h"

#include <array>

#include "text/jinja_operators.h"

namespace nearside::text::jinja {

using base::Result;

namespace {

Value count(std::size_t number) { return Value::integer(static_cast<std::int64_t>(number)); }

Result<std::optional<Value>> neighbour(Runtime& runtime, const LoopObject& loop, bool next) {
  const std::vector<Value>& items = loop.items.items();
  if (next ? loop.index0 + 1 >= items.size() : loop.index0 == 0)
    return std::optional<Value>(TRY(make_undefined(
        runtime.budget, fmt::format("there is no {} item", next ? "next" : "previous"))));
  const std::size_t index = next ? loop.index0 + 1 : loop.index0 - 1;
  return std::optional<Value>(index < items.size() ? items[index] : Value());
}

Result<Value> cycle(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  if (arguments.positional.empty()) return type_error("no items for cycling given");
  return arguments.positional[subject.as<LoopObject>().index0 % arguments.positional.size()];
}

Result<Value> changed(Runtime& runtime, const Value& subject, Arguments& arguments) {
  auto& loop = subject.as<LoopObject>();
  Value values = TRY(make_tuple(runtime.budget, std::move(arguments.positional)));
  if (loop.changed && TRY(equal(runtime.budget, *loop.changed, values)))
    return Value::boolean(false);
  loop.changed = std::move(values);
  return Value::boolean(true);
}

constexpr std::array kMethods{
    FunctionEntry{"cycle", cycle},
    FunctionEntry{"changed", changed},
};

}  // namespace

std::span<const FunctionEntry> loop_methods() { return kMethods; }

Result<std::optional<Value>> loop_attribute(Runtime& runtime, const Value& value,
                                            std::string_view name) {
  const auto& loop = value.as<LoopObject>();
  const auto found = [](const Value& attribute) { return std::optional<Value>(attribute); };
  if (name == "index") return found(count(loop.index0 + 1));
  if (name == "index0") return found(count(loop.index0));
  if (name == "first") return found(Value::boolean(loop.index0 == 0));
  if (name == "last") return found(Value::boolean(loop.index0 + 1 >= loop.items.items().size()));
  if (name == "length") return found(count(loop.length));
  if (name == "revindex") return found(count(loop.length - loop.index0));
  if (name == "revindex0") return found(count(loop.length - loop.index0 - 1));
  if (name == "depth") return found(count(loop.nesting + 1));
  if (name == "depth0") return found(count(loop.nesting));
  if (name == "previtem") return neighbour(runtime, loop, false);
  if (name == "nextitem") return neighbour(runtime, loop, true);
  return std::optional<Value>();
}

}  // namespace nearside::text::jinja
