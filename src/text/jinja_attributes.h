// a.b and a[b]: methods and members, with the sandbox's refusals.
#pragma once

#include "base/result.h"
#include "text/jinja_function.h"
#include "text/jinja_value.h"

namespace nearside::text::jinja {

/// `owner.name`: Python's attribute first, a dict's member second, otherwise undefined.
/// REQUIRES: `name` is a text. Errors: kInvalidArgument (owner is undefined).
base::Result<Value> get_attribute(Runtime& runtime, const Value& owner, const Value& name);

/// `owner[key]`: the member first, the attribute second, otherwise undefined.
base::Result<Value> get_item(Runtime& runtime, const Value& owner, const Value& key);

/// Follows "a.b.0" as filters with `attribute=` do: every part is an item.
base::Result<Value> get_path(Runtime& runtime, const Value& owner, const Value& path);

}  // namespace nearside::text::jinja
