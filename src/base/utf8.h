// Is a string what it says: well-formed UTF-8?
#pragma once

#include <string_view>

namespace nearside::base {

/// True for well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
/// Source: The Unicode Standard, table 3-7.
bool is_valid_utf8(std::string_view text);

}  // namespace nearside::base
