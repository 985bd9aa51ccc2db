// The methods that values have: "a".upper(), dict.items(), loop.cycle().
#pragma once

#include <span>
#include <string_view>

#include "text/jinja_function.h"

namespace nearside::text::jinja {

/// Null where such values have no such method.
const FunctionEntry* find_method(const Value& owner, std::string_view name);
/// A method that Python has and the sandbox refuses, because it changes the value.
bool is_forbidden_method(const Value& owner, std::string_view name);

std::span<const FunctionEntry> string_methods();                  // jinja_string_methods.cc
std::span<const FunctionEntry> collection_methods_of(Kind kind);  // jinja_collection_methods.cc

}  // namespace nearside::text::jinja
