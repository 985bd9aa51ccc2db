// Functions that every template finds by name: range, dict, namespace, raise_exception, ...
#pragma once

#include <string_view>

#include "text/jinja_function.h"

namespace nearside::text::jinja {

/// Null where there is no such function. A new one is a function and a line in the table.
const FunctionEntry* find_global_function(std::string_view name);

}  // namespace nearside::text::jinja
