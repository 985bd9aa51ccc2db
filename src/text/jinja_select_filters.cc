// map, select, reject, selectattr, rejectattr: filters that apply other filters and tests.
//
// They give generators, whose errors show only when somebody takes the items.
#include <array>

#include "text/jinja_attributes.h"
#include "text/jinja_collections.h"
#include "text/jinja_filters.h"
#include "text/jinja_operators.h"
#include "text/jinja_tests.h"

namespace nearside::text::jinja {

using base::Code;
using base::Result;

namespace {

// Collects what `each` (item -> optional value) gives, up to its first error.
template <typename Each>
Result<Value> generated(Runtime& runtime, const Value& subject, Each each) {
  if (!is_true(subject)) return make_iterator(runtime.budget, {});
  std::vector<Value> out;
  const auto sequence = to_sequence(runtime.budget, subject);
  if (!sequence) {
    if (sequence.error().code == Code::kTooLarge) return sequence.error();
    return make_iterator(runtime.budget, {}, sequence.error());
  }
  for (const Value& item : sequence->items()) {
    Result<std::optional<Value>> made = each(item);
    if (!made) {
      if (made.error().code == Code::kTooLarge) return std::move(made).error();
      return make_iterator(runtime.budget, std::move(out), std::move(made).error());
    }
    if (*made) out.push_back(std::move(**made));
  }
  return make_iterator(runtime.budget, std::move(out));
}

Result<Value> map_attribute(Runtime& runtime, const Value& subject, const Arguments& arguments) {
  const Bound bound = TRY(bind("map", arguments, {"attribute", "default"}));
  return generated(runtime, subject, [&](const Value& item) -> Result<std::optional<Value>> {
    Value value = TRY(get_path(runtime, item, *bound[0]));
    if (value.is_undefined() && bound[1] != nullptr && !bound[1]->is_none()) value = *bound[1];
    return std::optional<Value>(std::move(value));
  });
}

Result<Value> map(Runtime& runtime, const Value& subject, Arguments& arguments) {
  if (arguments.positional.empty()) {
    for (const auto& [name, value] : arguments.named)
      if (name == "attribute") return map_attribute(runtime, subject, arguments);
    return type_error("map requires a filter argument");
  }
  const Value name = arguments.positional.front();
  const FunctionEntry* const filter = name.is_string() ? find_filter(name.text()) : nullptr;
  arguments.positional.erase(arguments.positional.begin());
  return generated(runtime, subject, [&](const Value& item) -> Result<std::optional<Value>> {
    if (filter == nullptr)
      return base::fail(Code::kInvalidArgument, "there is no filter of that name for 'map'");
    Arguments same = arguments;
    return std::optional<Value>(TRY(filter->call(runtime, item, same)));
  });
}

// `keep`: whether items pass where the test holds. With `by_attribute` the first argument leads to
// what is tested.
template <bool keep, bool by_attribute>
Result<Value> select(Runtime& runtime, const Value& subject, Arguments& arguments) {
  auto& positional = arguments.positional;
  std::optional<Value> path;
  if (by_attribute) {
    if (positional.empty()) return type_error("Missing parameter for attribute name");
    path = positional.front();
    positional.erase(positional.begin());
  }
  const bool has_test = !positional.empty();
  const FunctionEntry* test = nullptr;
  if (has_test) {
    if (positional.front().is_string()) test = find_test(positional.front().text());
    positional.erase(positional.begin());
  }
  return generated(runtime, subject, [&](const Value& item) -> Result<std::optional<Value>> {
    const Value tested = path ? TRY(get_path(runtime, item, *path)) : item;
    bool holds = is_true(tested);
    if (has_test) {
      if (test == nullptr)
        return base::fail(Code::kInvalidArgument, "there is no test of that name for 'select'");
      Arguments same = arguments;
      holds = is_true(TRY(test->call(runtime, tested, same)));
    }
    return holds == keep ? std::optional<Value>(item) : std::nullopt;
  });
}

constexpr std::array kFilters{
    FunctionEntry{"map", map},
    FunctionEntry{"reject", select<false, false>},
    FunctionEntry{"rejectattr", select<false, true>},
    FunctionEntry{"select", select<true, false>},
    FunctionEntry{"selectattr", select<true, true>},
};

}  // namespace

std::span<const FunctionEntry> select_filters() { return kFilters; }

}  // namespace nearside::text::jinja
