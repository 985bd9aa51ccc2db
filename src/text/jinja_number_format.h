// Numbers and padding for the two format languages (jinja_format.h).
#pragma once

#include <string>

#include "base/result.h"
#include "text/jinja_value.h"

namespace nearside::text::jinja {

struct FieldStyle {
  std::string fill = " ";
  char align = '\0';  // '<', '>', '^', '=' (sign first); none: numbers right, texts left
  char sign = '-';    // '+', ' ' or '-'
  bool alternate = false;
  char grouping = '\0';  // ',' or '_'
  std::int64_t width = 0;
  std::int64_t precision = -1;  // none
  char type = '\0';
};

/// A number by its style, not yet padded; the sign comes first. Errors: kInvalidArgument (a type
/// letter that does not fit), kTooLarge.
base::Result<std::string> format_number(Budget& budget, const Value& value,
                                        const FieldStyle& style);
/// Fills up to the width. Errors: kTooLarge.
base::Result<std::string> padded(Budget& budget, std::string text, const FieldStyle& style,
                                 bool number);

}  // namespace nearside::text::jinja
