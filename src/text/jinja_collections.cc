#include "text/jinja_collections.h"

#include <algorithm>

#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;
using base::Status;

namespace {

// Plain texts, also of a marked one: Python's iterator gives those.
Result<Value> code_points(Budget& budget, const Value& text) {
  TRY(budget.charge_items(text.text().size()));
  std::vector<Value> items;
  for (std::size_t at = 0; at < text.text().size();) {
    const std::size_t bytes = decode_at(text.text(), at).bytes;
    items.push_back(TRY(make_string(budget, std::string(text.text().substr(at, bytes)))));
    at += bytes;
  }
  return make_list(budget, std::move(items));
}

Result<Value> view_items(Budget& budget, const DictObject& dict, ViewObject::Of of) {
  TRY(budget.charge_items(dict.entries.size()));
  std::vector<Value> items;
  items.reserve(dict.entries.size());
  for (const auto& [key, value] : dict.entries) {
    if (of == ViewObject::Of::kItems)
      items.push_back(TRY(make_pair(budget, key, value)));
    else
      items.push_back(of == ViewObject::Of::kKeys ? key : value);
  }
  return make_list(budget, std::move(items));
}

}  // namespace

bool is_iterable(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
    case Kind::kString:
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kDict:
    case Kind::kRange:
    case Kind::kView:
    case Kind::kIterator:
    case Kind::kLoop:
      return true;
    default:
      return false;
  }
}

Result<Value> to_sequence(Budget& budget, const Value& value) {
  switch (value.kind()) {
    case Kind::kList:
    case Kind::kTuple:
      return value;
    case Kind::kUndefined:
      return make_list(budget, {});
    case Kind::kString:
      return code_points(budget, value);
    case Kind::kDict:
      return view_items(budget, value.dict(), ViewObject::Of::kKeys);
    case Kind::kView: {
      const auto& view = value.as<ViewObject>();
      return view_items(budget, view.dict.dict(), view.of);
    }
    case Kind::kRange: {
      const auto& range = value.as<RangeObject>();
      TRY(budget.charge_items(range.size()));
      std::vector<Value> items;
      items.reserve(range.size());
      for (std::size_t i = 0; i < range.size(); ++i) items.push_back(range.at(i));
      return make_list(budget, std::move(items));
    }
    case Kind::kIterator: {
      auto& iterator = value.as<IteratorObject>();
      if (iterator.error) return *iterator.error;
      return make_list(budget, std::exchange(iterator.items, {}));
    }
    default:
      return type_error("'{}' object is not iterable", type_name(value));
  }
}

bool has_length(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
    case Kind::kString:
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kDict:
    case Kind::kRange:
    case Kind::kView:
      return true;
    default:
      return false;
  }
}

std::size_t text_length(const Value& text) {
  const StringObject& string = text.string();
  // Constants have it counted at parsing: they may be read by several threads.
  if (string.code_points == SIZE_MAX) string.code_points = count_code_points(string.text);
  return string.code_points;
}

Result<std::size_t> length(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
      return std::size_t{0};
    case Kind::kString:
      return text_length(value);
    case Kind::kList:
    case Kind::kTuple:
      return value.items().size();
    case Kind::kDict:
      return value.dict().entries.size();
    case Kind::kRange:
      return value.as<RangeObject>().size();
    case Kind::kView:
      return value.as<ViewObject>().dict.dict().entries.size();
    default:
      return type_error("object of type '{}' has no len()", type_name(value));
  }
}

Result<Value> text_part(Budget& budget, const Value& text, std::size_t begin, std::size_t end) {
  const std::string_view whole = text.text();
  const bool one_byte_each = text_length(text) == whole.size();
  if (!one_byte_each) TRY(budget.charge_code_points(whole.size()));
  const std::size_t first =
      one_byte_each ? std::min(begin, whole.size()) : byte_offset(whole, begin);
  const std::size_t last =
      one_byte_each ? std::min(end, whole.size())
                    : first + byte_offset(whole.substr(first), end > begin ? end - begin : 0);
  return make_string(budget, std::string(whole.substr(first, last > first ? last - first : 0)),
                     text.is_markup());
}

Status check_hashable(const Value& value) {
  if (value.is(Kind::kList) || value.is(Kind::kDict))
    return type_error("unhashable type: '{}'", type_name(value));
  if (value.is(Kind::kTuple))
    for (const Value& item : value.items()) TRY(check_hashable(item));
  return {};
}

Result<const Value*> find_in_dict(Budget& budget, const DictObject& dict, const Value& key) {
  if (key.is_string()) return dict.find(key.text());
  TRY(check_hashable(key));
  for (const auto& [name, value] : dict.entries)
    if (TRY(equal(budget, name, key))) return &value;
  return static_cast<const Value*>(nullptr);
}

Status DictBuilder::set(Value key, Value value) {
  TRY(check_hashable(key));
  if (!budget_.take_steps()) return budget_.too_many_steps();
  if (key.is_string()) {
    const auto found = text_keys_.find(key.text());
    if (found != text_keys_.end()) {
      entries_[found->second].second = std::move(value);
      return {};
    }
    TRY(budget_.charge_text(key.text().size()));
    text_keys_.emplace(key.text(), entries_.size());
  } else {
    for (auto& [name, old] : entries_) {
      if (name.is_string() || !TRY(equal(budget_, name, key))) continue;
      old = std::move(value);
      return {};
    }
  }
  entries_.emplace_back(std::move(key), std::move(value));
  return {};
}

Result<SliceBounds> slice_bounds(std::size_t size, const Value& start, const Value& stop,
                                 const Value& step) {
  for (const Value* bound : {&start, &stop, &step})
    if (!bound->is_none() && !bound->is_integral())
      return type_error("slice indices must be integers or None or have an __index__ method");
  SliceBounds bounds;
  bounds.step = step.is_none() ? 1 : step.integer();
  if (bounds.step == 0) return value_error("slice step cannot be zero");
  const auto length = static_cast<std::int64_t>(size);
  const bool forward = bounds.step > 0;
  const std::int64_t lowest = forward ? 0 : -1;
  const std::int64_t highest = forward ? length : length - 1;
  const auto clamped = [&](const Value& bound, std::int64_t otherwise) {
    if (bound.is_none()) return otherwise;
    std::int64_t index = bound.integer();
    if (index < 0) index = index < -length ? lowest : index + length;
    return std::clamp(index, lowest, highest);
  };
  bounds.start = clamped(start, forward ? lowest : highest);
  const std::int64_t end = clamped(stop, forward ? highest : lowest);
  bounds.stop = end;
  if (forward && bounds.start < end)
    bounds.count = static_cast<std::size_t>((end - bounds.start - 1) / bounds.step) + 1;
  else if (!forward && bounds.start > end)
    bounds.count = static_cast<std::size_t>((end - bounds.start + 1) / bounds.step) + 1;
  return bounds;
}

Result<Value> slice(Budget& budget, const Value& value, const Value& start, const Value& stop,
                    const Value& step) {
  if (value.is_string()) {
    const SliceBounds bounds = TRY(slice_bounds(text_length(value), start, stop, step));
    const auto first = static_cast<std::size_t>(bounds.count > 0 ? bounds.start : 0);
    if (bounds.step == 1) return text_part(budget, value, first, first + bounds.count);
    const Value points = TRY(code_points(budget, value));
    std::string text;
    for (std::size_t i = 0; i < bounds.count; ++i)
      text += points
                  .items()[static_cast<std::size_t>(bounds.start +
                                                    static_cast<std::int64_t>(i) * bounds.step)]
                  .text();
    return make_string(budget, std::move(text), value.is_markup());
  }
  if (value.is(Kind::kRange)) {
    const auto& range = value.as<RangeObject>();
    const SliceBounds bounds = TRY(slice_bounds(range.size(), start, stop, step));
    auto part = std::make_unique<RangeObject>();
    part->start = range.start + bounds.start * range.step;
    part->stop = range.start + bounds.stop * range.step;
    // A range has at most 100,000 items, so a wider step finds no second one.
    constexpr std::int64_t kStepMax = 1'000'000;
    part->step = range.step * std::clamp(bounds.step, -kStepMax, kStepMax);
    return adopt(budget, Kind::kRange, std::move(part), sizeof(RangeObject), nullptr, 0);
  }
  const Value sequence = TRY(to_sequence(budget, value));
  const std::vector<Value>& items = sequence.items();
  const SliceBounds bounds = TRY(slice_bounds(items.size(), start, stop, step));
  TRY(budget.charge_items(bounds.count));
  std::vector<Value> part;
  part.reserve(bounds.count);
  for (std::size_t i = 0; i < bounds.count; ++i)
    part.push_back(
        items[static_cast<std::size_t>(bounds.start + static_cast<std::int64_t>(i) * bounds.step)]);
  return value.is(Kind::kTuple) ? make_tuple(budget, std::move(part))
                                : make_list(budget, std::move(part));
}

}  // namespace nearside::text::jinja
