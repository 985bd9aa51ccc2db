// The `format` keyword of JSON Schema as regular expressions.
#pragma once

#include <optional>
#include <string_view>

namespace nearside::grammar {

enum class FormatKnown {
  kPattern,      // checked
  kAnnotation,   // not one that JSON Schema defines, or one that any string has: says nothing
  kUnsupported,  // defined, but not checked here
};

struct StringFormat {
  FormatKnown known = FormatKnown::kAnnotation;
  std::string_view pattern;  // of kPattern: the whole string matches
};

/// Source: JSON Schema 2020-12 validation, section 7.3, and the RFCs named there.
StringFormat string_format(std::string_view name);

}  // namespace nearside::grammar
