// Python's two ways of formatting texts: "%s and %d" % values, and "{} and {name:>8}".format(...).
#pragma once

#include "base/result.h"
#include "text/jinja_function.h"
#include "text/jinja_value.h"

namespace nearside::text::jinja {

/// REQUIRES: `format` is a text. Errors: kInvalidArgument (wrong number or type of values, a
/// directive there is not), kTooLarge.
base::Result<Value> percent_format(Budget& budget, const Value& format, const Value& values);

/// str.format: fields by position or name with attributes and items, !r and !s, and the
/// mini-language of fill, alignment, sign, 0, width, comma, precision and type.
base::Result<Value> brace_format(Runtime& runtime, const Value& format, const Arguments& arguments);

}  // namespace nearside::text::jinja
