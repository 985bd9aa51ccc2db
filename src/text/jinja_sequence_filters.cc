// Filters on lists and everything that can be walked through.
#include <algorithm>
#include <array>

#include "text/jinja_attributes.h"
#include "text/jinja_collections.h"
#include "text/jinja_filters.h"
#include "text/jinja_operators.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;

namespace {

Result<Value> count(Runtime& /*runtime*/, const Value& subject, Arguments& arguments) {
  TRY(bind("length", arguments, {}));
  return Value::integer(static_cast<std::int64_t>(TRY(length(subject))));
}

Result<Value> first(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("first", arguments, {}));
  if (subject.is(Kind::kIterator) && !subject.as<IteratorObject>().items.empty()) {
    auto& items = subject.as<IteratorObject>().items;
    Value item = items.front();
    items.erase(items.begin());
    return item;
  }
  if (subject.is_string() && !subject.text().empty())
    return make_string(runtime.budget,
                       std::string(subject.text().substr(0, byte_offset(subject.text(), 1))));
  const Value items = TRY(to_sequence(runtime.budget, subject));
  if (items.items().empty())
    return make_undefined(runtime.budget, "No first item, sequence was empty.");
  return items.items().front();
}

Result<Value> last(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("last", arguments, {}));
  if (subject.is(Kind::kIterator))
    return type_error("'{}' object is not reversible", type_name(subject));
  const Value items = TRY(to_sequence(runtime.budget, subject));
  if (items.items().empty())
    return make_undefined(runtime.budget, "No last item, sequence was empty.");
  return items.items().back();
}

Result<Value> join(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("join", arguments, {"d", "attribute"}));
  const std::string between =
      bound[0] == nullptr ? std::string() : TRY(to_str(runtime.budget, *bound[0]));
  const Value items = TRY(to_sequence(runtime.budget, subject));
  std::string text;
  for (std::size_t i = 0; i < items.items().size(); ++i) {
    if (i > 0) {
      TRY(runtime.budget.charge_text(between.size()));
      text += between;
    }
    const Value item = bound[1] == nullptr ? items.items()[i]
                                           : TRY(get_path(runtime, items.items()[i], *bound[1]));
    TRY(append_str(runtime.budget, text, item));
  }
  return make_string(runtime.budget, std::move(text));
}

Result<Value> list(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("list", arguments, {}));
  const Value items = TRY(to_sequence(runtime.budget, subject));
  TRY(runtime.budget.charge_items(items.items().size()));
  return make_list(runtime.budget, items.items());
}

Result<Value> items(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("items", arguments, {}));
  std::vector<Value> pairs;
  if (!subject.is_undefined()) {
    if (!subject.is(Kind::kDict))
      return make_iterator(runtime.budget, {},
                           type_error("Can only get item pairs from a mapping."));
    for (const auto& [key, value] : subject.dict().entries)
      pairs.push_back(TRY(make_pair(runtime.budget, key, value)));
  }
  return make_iterator(runtime.budget, std::move(pairs));
}

Result<Value> reverse(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("reverse", arguments, {}));
  if (subject.is_string())
    return slice(runtime.budget, subject, Value::none(), Value::none(), Value::integer(-1));
  const Value sequence = TRY(to_sequence(runtime.budget, subject));
  TRY(runtime.budget.charge_items(sequence.items().size()));
  std::vector<Value> reversed(sequence.items().rbegin(), sequence.items().rend());
  if (subject.is(Kind::kIterator)) return make_list(runtime.budget, std::move(reversed));
  return make_iterator(runtime.budget, std::move(reversed), {}, "reversed");
}

Result<Value> sum(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("sum", arguments, {"attribute", "start"}));
  const Value sequence = TRY(to_sequence(runtime.budget, subject));
  Value total = bound[1] == nullptr ? Value::integer(0) : *bound[1];
  if (total.is_string()) return type_error("sum() can't sum strings [use ''.join(seq) instead]");
  for (const Value& item : sequence.items()) {
    const Value part = bound[0] == nullptr ? item : TRY(get_path(runtime, item, *bound[0]));
    total = TRY(arithmetic(runtime.budget, Operator::kAdd, total, part));
  }
  return total;
}

Result<Value> batch(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("batch", arguments, {"linecount", "fill_with"}, 1));
  const std::int64_t given = TRY(bound.integer(0, 1));
  const Value sequence = TRY(to_sequence(runtime.budget, subject));
  const std::vector<Value>& all = sequence.items();
  // Jinja never cuts where the count cannot be reached.
  const std::size_t size =
      given > 0 ? static_cast<std::size_t>(given) : std::max<std::size_t>(1, all.size());
  std::vector<Value> batches;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = at + std::min(size, all.size() - at);
    std::vector<Value> part(all.begin() + static_cast<std::ptrdiff_t>(at),
                            all.begin() + static_cast<std::ptrdiff_t>(end));
    if (bound[1] != nullptr && !bound[1]->is_none() && part.size() < size) {
      TRY(runtime.budget.charge_text(size * sizeof(Value)));
      part.resize(size, *bound[1]);
    }
    batches.push_back(TRY(make_list(runtime.budget, std::move(part))));
    at = end;
  }
  return make_iterator(runtime.budget, std::move(batches));
}

Result<Value> slices(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("slice", arguments, {"slices", "fill_with"}, 1));
  const std::int64_t count = TRY(bound.integer(0, 1));
  if (count == 0)
    return base::fail(base::Code::kInvalidArgument, "ZeroDivisionError: division by zero");
  const Value sequence = TRY(to_sequence(runtime.budget, subject));
  const std::vector<Value>& all = sequence.items();
  const std::size_t columns = count > 0 ? static_cast<std::size_t>(count) : 0;
  TRY(runtime.budget.charge_items(columns));
  const std::size_t each = columns > 0 ? all.size() / columns : 0;
  const std::size_t longer = columns > 0 ? all.size() % columns : 0;
  std::vector<Value> out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < columns; ++i) {
    const std::size_t end = at + each + (i < longer ? 1 : 0);
    std::vector<Value> part(all.begin() + static_cast<std::ptrdiff_t>(at),
                            all.begin() + static_cast<std::ptrdiff_t>(end));
    if (bound[1] != nullptr && !bound[1]->is_none() && i >= longer) part.push_back(*bound[1]);
    out.push_back(TRY(make_list(runtime.budget, std::move(part))));
    at = end;
  }
  return make_iterator(runtime.budget, std::move(out));
}

constexpr std::array kFilters{
    FunctionEntry{"batch", batch},     FunctionEntry{"count", count},
    FunctionEntry{"first", first},     FunctionEntry{"items", items},
    FunctionEntry{"join", join},       FunctionEntry{"last", last},
    FunctionEntry{"length", count},    FunctionEntry{"list", list},
    FunctionEntry{"reverse", reverse}, FunctionEntry{"slice", slices},
    FunctionEntry{"sum", sum},
};

}  // namespace

std::span<const FunctionEntry> sequence_filters() { return kFilters; }

}  // namespace nearside::text::jinja
