// Methods of dicts, lists, tuples and cyclers, and the choice of a value's table
// (declared in jinja_methods.h).
#include <algorithm>
#include <array>

#include "text/jinja_collections.h"
#include "text/jinja_loop.h"
#include "text/jinja_methods.h"
#include "text/jinja_operators.h"

namespace nearside::text::jinja {

using base::Result;

namespace {

Result<Value> make_view(Runtime& runtime, const Value& dict, ViewObject::Of of) {
  auto view = std::make_unique<ViewObject>();
  view->dict = dict;
  view->of = of;
  return adopt(runtime.budget, Kind::kView, std::move(view), sizeof(ViewObject), &dict, 1);
}

Result<Value> dict_items(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("items", arguments, {}));
  return make_view(runtime, subject, ViewObject::Of::kItems);
}

Result<Value> dict_keys(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("keys", arguments, {}));
  return make_view(runtime, subject, ViewObject::Of::kKeys);
}

Result<Value> dict_values(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("values", arguments, {}));
  return make_view(runtime, subject, ViewObject::Of::kValues);
}

Result<Value> dict_get(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("get", arguments, {"key", "default"}, 1));
  const Value* const found = TRY(find_in_dict(runtime.budget, subject.dict(), *bound[0]));
  if (found != nullptr) return *found;
  return bound[1] != nullptr ? *bound[1] : Value::none();
}

Result<Value> dict_copy(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  TRY(bind("copy", arguments, {}));
  return subject;  // dicts never change, so a copy cannot be told from the dict
}

Result<Value> list_copy(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("copy", arguments, {}));
  TRY(runtime.budget.charge_items(subject.items().size()));
  return make_list(runtime.budget, subject.items());
}

Result<Value> sequence_count(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("count", arguments, {"value"}, 1));
  std::int64_t count = 0;
  for (const Value& item : subject.items())
    if (TRY(equal(runtime.budget, item, *bound[0]))) ++count;
  return Value::integer(count);
}

Result<Value> sequence_index(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("index", arguments, {"value"}, 1));
  for (std::size_t i = 0; i < subject.items().size(); ++i)
    if (TRY(equal(runtime.budget, subject.items()[i], *bound[0])))
      return Value::integer(static_cast<std::int64_t>(i));
  return value_error("the value is not in the {}", type_name(subject));
}

Result<Value> list_pop(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("pop", arguments, {"index"}));
  auto& items = subject.as<SequenceObject>().items;
  const std::int64_t given = TRY(bound.integer(0, -1));
  const auto size = static_cast<std::int64_t>(items.size());
  const std::int64_t index = given < 0 ? given + size : given;
  if (index < 0 || index >= size)
    return base::fail(base::Code::kInvalidArgument, "IndexError: {}",
                      items.empty() ? "pop from empty list" : "pop index out of range");
  TRY(runtime.budget.charge_items(static_cast<std::size_t>(size - index)));
  Value item = items[static_cast<std::size_t>(index)];
  items.erase(items.begin() + index);
  return item;
}

Result<Value> list_clear(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  TRY(bind("clear", arguments, {}));
  subject.as<SequenceObject>().items.clear();
  return Value::none();
}

Result<Value> cycler_next(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  TRY(bind("next", arguments, {}));
  auto& cycler = subject.as<CyclerObject>();
  const std::size_t position = cycler.position;
  cycler.position = (position + 1) % cycler.items.size();
  return cycler.items[position];
}

Result<Value> cycler_reset(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  TRY(bind("reset", arguments, {}));
  subject.as<CyclerObject>().position = 0;
  return Value::none();
}

constexpr std::array kDictMethods{
    FunctionEntry{"copy", dict_copy},     FunctionEntry{"get", dict_get},
    FunctionEntry{"items", dict_items},   FunctionEntry{"keys", dict_keys},
    FunctionEntry{"values", dict_values},
};

constexpr std::array kListMethods{
    FunctionEntry{"clear", list_clear},     FunctionEntry{"copy", list_copy},
    FunctionEntry{"count", sequence_count}, FunctionEntry{"index", sequence_index},
    FunctionEntry{"pop", list_pop},
};

constexpr std::array kTupleMethods{
    FunctionEntry{"count", sequence_count},
    FunctionEntry{"index", sequence_index},
};

constexpr std::array kCyclerMethods{
    FunctionEntry{"next", cycler_next},
    FunctionEntry{"reset", cycler_reset},
};

constexpr std::array<std::string_view, 5> kForbiddenInDicts{"clear", "pop", "popitem", "setdefault",
                                                            "update"};
constexpr std::array<std::string_view, 6> kForbiddenInLists{"append", "reverse", "insert",
                                                            "sort",   "extend",  "remove"};

}  // namespace

std::span<const FunctionEntry> collection_methods_of(Kind kind) {
  switch (kind) {
    case Kind::kDict:
      return kDictMethods;
    case Kind::kList:
      return kListMethods;
    case Kind::kTuple:
      return kTupleMethods;
    case Kind::kCycler:
      return kCyclerMethods;
    case Kind::kLoop:
      return loop_methods();
    default:
      return {};
  }
}

const FunctionEntry* find_method(const Value& owner, std::string_view name) {
  return find_function(owner.is_string() ? string_methods() : collection_methods_of(owner.kind()),
                       name);
}

bool is_forbidden_method(const Value& owner, std::string_view name) {
  if (owner.is(Kind::kDict))
    return std::ranges::find(kForbiddenInDicts, name) != kForbiddenInDicts.end();
  if (owner.is(Kind::kList))
    return std::ranges::find(kForbiddenInLists, name) != kForbiddenInLists.end();
  return false;
}

}  // namespace nearside::text::jinja
