// The tests: {{ value is name(argument) }}. A new one is a function and a line in the table.
#pragma once

#include <string_view>

#include "text/jinja_function.h"

namespace nearside::text::jinja {

/// Null where there is no such test. Each gives a boolean.
const FunctionEntry* find_test(std::string_view name);

}  // namespace nearside::text::jinja
