// The filters: {{ value | name(arguments) }}.
//
// One table a file, by what they work on. A new filter is a function and a line in its file's
// table.
#pragma once

#include <span>
#include <string_view>

#include "text/jinja_function.h"

namespace nearside::text::jinja {

/// Null where there is no such filter.
const FunctionEntry* find_filter(std::string_view name);

std::span<const FunctionEntry> text_filters();      // jinja_text_filters.cc
std::span<const FunctionEntry> sequence_filters();  // jinja_sequence_filters.cc
std::span<const FunctionEntry> order_filters();   // jinja_order_filters.cc: sort, unique, min, ...
std::span<const FunctionEntry> select_filters();  // jinja_select_filters.cc: map, select, ...
std::span<const FunctionEntry> value_filters();   // jinja_value_filters.cc: default, int, tojson

}  // namespace nearside::text::jinja
