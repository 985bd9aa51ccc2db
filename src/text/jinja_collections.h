// Lists, dicts and everything that can be walked through.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja_value.h"

namespace nearside::text::jinja {

/// Python's iter(value) taken to its end: the value itself when it is a list or tuple, otherwise a
/// list of its items (of a text its code points, of a dict its keys). Empties an iterator.
/// Errors: kInvalidArgument (not iterable), kTooLarge.
base::Result<Value> to_sequence(Budget& budget, const Value& value);
bool is_iterable(const Value& value);

/// Python's len(value). Errors: kInvalidArgument (has none).
base::Result<std::size_t> length(const Value& value);
bool has_length(const Value& value);

std::size_t text_length(const Value& text);
/// The code points [begin, end) of a text; its mark is kept.
base::Result<Value> text_part(Budget& budget, const Value& text, std::size_t begin,
                              std::size_t end);

/// Null where absent. Errors: kInvalidArgument (key of a type that cannot be one).
base::Result<const Value*> find_in_dict(Budget& budget, const DictObject& dict, const Value& key);
/// Errors: kInvalidArgument (lists, dicts and what holds them cannot be keys).
base::Status check_hashable(const Value& value);

/// Collects entries, later values replacing earlier ones of the same key.
class DictBuilder {
 public:
  explicit DictBuilder(Budget& budget) : budget_(budget) {}
  base::Status set(Value key, Value value);
  base::Result<Value> build() { return make_dict(budget_, std::move(entries_)); }

 private:
  Budget& budget_;
  std::vector<std::pair<Value, Value>> entries_;
  std::map<std::string, std::size_t, std::less<>> text_keys_;
};

/// Where a slice begins, ends and how it steps, with Python's rules for negative and missing (none)
/// bounds. `count` items result.
struct SliceBounds {
  std::int64_t start = 0;
  std::int64_t stop = 0;  // -1: before the first
  std::int64_t step = 1;
  std::size_t count = 0;
};
base::Result<SliceBounds> slice_bounds(std::size_t size, const Value& start, const Value& stop,
                                       const Value& step);
/// value[start:stop:step]; bounds are integers or none.
base::Result<Value> slice(Budget& budget, const Value& value, const Value& start, const Value& stop,
                          const Value& step);

}  // namespace nearside::text::jinja
