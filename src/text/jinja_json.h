// Values from JSON (a template's input) and to JSON (the filter `tojson`).
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "text/jinja_value.h"

namespace nearside::text::jinja {

/// Integers beyond int64 become floats. Errors: kTooLarge.
base::Result<Value> from_json(Budget& budget, const base::json::value& value);
base::Result<Value> from_json(Budget& budget, const base::json::object& object);
base::Result<Value> from_json(Budget& budget, const base::json::array& array);

/// As Python's json.dumps spells it.
struct JsonStyle {
  bool ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  // of one level; without it all is on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};
/// Errors: kInvalidArgument (undefined values, functions, namespaces, keys that JSON cannot have),
/// kTooLarge.
base::Result<std::string> to_json(Budget& budget, const Value& value, const JsonStyle& style);

}  // namespace nearside::text::jinja
