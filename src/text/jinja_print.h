// How values read as text: Python's str() and repr().
#pragma once

#include <string>

#include "base/result.h"
#include "text/jinja_value.h"

namespace nearside::text::jinja {

/// Appends str(value): what printing gives. Undefined is empty. Errors: kTooLarge.
base::Status append_str(Budget& budget, std::string& out, const Value& value);
/// Appends repr(value): texts in quotes.
base::Status append_repr(Budget& budget, std::string& out, const Value& value);
base::Result<std::string> to_str(Budget& budget, const Value& value);
/// As a value; a text is given back as it is, with its mark.
base::Result<Value> to_text(Budget& budget, const Value& value);

/// The shortest digits that read back as the same double, in Python's form ("1.0", "1e+16", "nan").
std::string real_repr(double value);

}  // namespace nearside::text::jinja
