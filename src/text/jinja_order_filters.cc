// Filters that compare items: sort, dictsort, unique, min, max, groupby.
#include <array>
#include <numeric>
#include <set>

#include "text/jinja_attributes.h"
#include "text/jinja_collections.h"
#include "text/jinja_filters.h"
#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;
using base::Status;

namespace {

// What an item is compared by: itself or what `path` leads to, without case unless told.
Result<Value> sort_key(Runtime& runtime, const Value& item, const Value* path,
                       bool case_sensitive) {
  const Value key = path == nullptr ? item : TRY(get_path(runtime, item, *path));
  if (case_sensitive || !key.is_string()) return key;
  TRY(runtime.budget.charge_text(key.text().size()));
  return make_string(runtime.budget, to_lower(key.text()), key.is_markup());
}

// `attribute="a,b"` compares by several; Python compares the keys as lists.
Result<std::vector<Value>> sort_keys(Runtime& runtime, const std::vector<Value>& items,
                                     const Value* path, bool case_sensitive) {
  std::vector<Value> paths;
  if (path != nullptr && path->is_string()) {
    std::string_view rest = path->text();
    for (std::size_t comma = rest.find(','); comma != std::string_view::npos;
         comma = rest.find(',')) {
      paths.push_back(TRY(make_string(runtime.budget, std::string(rest.substr(0, comma)))));
      rest.remove_prefix(comma + 1);
    }
    paths.push_back(TRY(make_string(runtime.budget, std::string(rest))));
  }
  std::vector<Value> keys;
  keys.reserve(items.size());
  for (const Value& item : items) {
    if (paths.size() < 2) {
      keys.push_back(TRY(sort_key(runtime, item, path, case_sensitive)));
      continue;
    }
    std::vector<Value> several;
    for (const Value& one : paths)
      several.push_back(TRY(sort_key(runtime, item, &one, case_sensitive)));
    keys.push_back(TRY(make_list(runtime.budget, std::move(several))));
  }
  return keys;
}

// Whether equal keys without an order (two undefined ones) are an error.
enum class Equals { kNeedOrder, kNeedNone };

// A stable merge sort of indices: the standard sorts cannot stop when two keys have no order.
class Sorter {
 public:
  Sorter(Budget& budget, const std::vector<Value>& keys, bool reverse,
         Equals equals = Equals::kNeedOrder)
      : budget_(budget),
        keys_(keys),
        reverse_(reverse),
        equals_(equals),
        order_(keys.size()),
        merged_(keys.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  Result<std::vector<std::size_t>> run() {
    for (std::size_t width = 1; width < order_.size(); width *= 2) {
      for (std::size_t begin = 0; begin < order_.size(); begin += 2 * width)
        TRY(merge(begin, std::min(begin + width, order_.size()),
                  std::min(begin + 2 * width, order_.size())));
      order_.swap(merged_);
    }
    return std::move(order_);
  }

 private:
  Status merge(std::size_t begin, std::size_t middle, std::size_t end) {
    std::size_t left = begin;
    std::size_t right = middle;
    for (std::size_t at = begin; at < end; ++at) {
      bool take_right = left >= middle;
      if (left < middle && right < end) {
        const Value& a = keys_[order_[left]];
        const Value& b = keys_[order_[right]];
        take_right = TRY(reverse_ ? less(a, b) : less(b, a));
      }
      merged_[at] = order_[take_right ? right++ : left++];
    }
    return {};
  }

  Result<bool> less(const Value& a, const Value& b) {
    if (equals_ == Equals::kNeedNone && !a.is_number() && !a.is_string() &&
        TRY(equal(budget_, a, b)))
      return false;
    return TRY(order(budget_, a, b)) < 0;
  }

  Budget& budget_;
  const std::vector<Value>& keys_;
  const bool reverse_;
  const Equals equals_;
  std::vector<std::size_t> order_;
  std::vector<std::size_t> merged_;
};

Result<Value> sort(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("sort", arguments, {"reverse", "case_sensitive", "attribute"}));
  const Value sequence = TRY(to_sequence(runtime.budget, subject));
  const Value* const path = bound[2] != nullptr && !bound[2]->is_none() ? bound[2] : nullptr;
  const std::vector<Value> keys =
      TRY(sort_keys(runtime, sequence.items(), path, bound.flag(1, false)));
  // Jinja compares lists of keys, and equal items of lists are passed over.
  const auto order =
      TRY(Sorter(runtime.budget, keys, bound.flag(0, false), Equals::kNeedNone).run());
  std::vector<Value> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order) sorted.push_back(sequence.items()[index]);
  return make_list(runtime.budget, std::move(sorted));
}

Result<Value> sort_dict(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("dictsort", arguments, {"case_sensitive", "by", "reverse"}));
  if (subject.is_undefined()) return undefined_error(subject);
  if (!subject.is(Kind::kDict))
    return type_error("'{}' object has no attribute 'items'", type_name(subject));
  const bool by_value = bound[1] != nullptr && bound[1]->is_string() && bound[1]->text() == "value";
  if (bound[1] != nullptr && !by_value && !(bound[1]->is_string() && bound[1]->text() == "key"))
    return value_error("You can only sort by either \"key\" or \"value\"");
  const auto& entries = subject.dict().entries;
  std::vector<Value> keys;
  keys.reserve(entries.size());
  for (const auto& [key, value] : entries)
    keys.push_back(TRY(sort_key(runtime, by_value ? value : key, nullptr, bound.flag(0, false))));
  const auto order = TRY(Sorter(runtime.budget, keys, bound.flag(2, false)).run());
  std::vector<Value> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order)
    sorted.push_back(TRY(make_pair(runtime.budget, entries[index].first, entries[index].second)));
  return make_list(runtime.budget, std::move(sorted));
}

Result<Value> unique(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("unique", arguments, {"case_sensitive", "attribute"}));
  const Value sequence = TRY(to_sequence(runtime.budget, subject));
  const Value* const path = bound[1] != nullptr && !bound[1]->is_none() ? bound[1] : nullptr;
  std::vector<Value> kept;
  std::set<std::string, std::less<>> texts;
  std::vector<Value> others;
  for (const Value& item : sequence.items()) {
    const Value key = TRY(sort_key(runtime, item, path, bound.flag(0, false)));
    TRY(check_hashable(key));
    bool seen = false;
    if (key.is_string()) {
      seen = !texts.emplace(key.text()).second;
    } else {
      for (const Value& other : others)
        if (TRY(equal(runtime.budget, other, key))) {
          seen = true;
          break;
        }
      if (!seen) others.push_back(key);
    }
    if (!seen) kept.push_back(item);
  }
  return make_iterator(runtime.budget, std::move(kept));
}

template <bool largest>
Result<Value> extreme(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound =
      TRY(bind(largest ? "max" : "min", arguments, {"case_sensitive", "attribute"}));
  const Value sequence = TRY(to_sequence(runtime.budget, subject));
  if (sequence.items().empty())
    return make_undefined(runtime.budget, "No aggregated item, sequence was empty.");
  const Value* const path = bound[1] != nullptr && !bound[1]->is_none() ? bound[1] : nullptr;
  std::size_t best = 0;
  Value best_key = TRY(sort_key(runtime, sequence.items()[0], path, bound.flag(0, false)));
  for (std::size_t i = 1; i < sequence.items().size(); ++i) {
    Value key = TRY(sort_key(runtime, sequence.items()[i], path, bound.flag(0, false)));
    const int compared = TRY(order(runtime.budget, key, best_key, largest ? ">" : "<"));
    if (largest ? compared <= 0 : compared >= 0) continue;
    best = i;
    best_key = std::move(key);
  }
  return sequence.items()[best];
}

Result<Value> group(Runtime& runtime, Value grouper, std::vector<Value> items) {
  Value list = TRY(make_list(runtime.budget, std::move(items)));
  Value pair = TRY(make_pair(runtime.budget, std::move(grouper), std::move(list)));
  pair.as<SequenceObject>().group = true;
  return pair;
}

Result<Value> group_by(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound =
      TRY(bind("groupby", arguments, {"attribute", "default", "case_sensitive"}, 1));
  const Value sequence = TRY(to_sequence(runtime.budget, subject));
  const auto key_of = [&](const Value& item, bool case_sensitive) -> Result<Value> {
    Value key = TRY(get_path(runtime, item, *bound[0]));
    if (key.is_undefined() && bound[1] != nullptr) key = *bound[1];
    return sort_key(runtime, key, nullptr, case_sensitive);
  };
  std::vector<Value> keys;
  for (const Value& item : sequence.items())
    keys.push_back(TRY(key_of(item, bound.flag(2, false))));
  const auto order = TRY(Sorter(runtime.budget, keys, false).run());
  std::vector<Value> groups;
  for (std::size_t at = 0; at < order.size();) {
    const std::size_t begin = at;
    std::vector<Value> items;
    do {
      items.push_back(sequence.items()[order[at++]]);
    } while (at < order.size() && TRY(equal(runtime.budget, keys[order[at]], keys[order[begin]])));
    Value grouper = TRY(key_of(items.front(), true));
    groups.push_back(TRY(group(runtime, std::move(grouper), std::move(items))));
  }
  return make_list(runtime.budget, std::move(groups));
}

constexpr std::array kFilters{
    FunctionEntry{"dictsort", sort_dict}, FunctionEntry{"groupby", group_by},
    FunctionEntry{"max", extreme<true>},  FunctionEntry{"min", extreme<false>},
    FunctionEntry{"sort", sort},          FunctionEntry{"unique", unique},
};

}  // namespace

std::span<const FunctionEntry> order_filters() { return kFilters; }

}  // namespace nearside::text::jinja
