// Base64, the standard alphabet with padding. Source: RFC 4648, section 4.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::base {

std::string base64_encode(std::string_view bytes);

/// Padding may be absent. Errors: kInvalidArgument (a character outside the alphabet, an impossible
/// length).
Result<std::string> base64_decode(std::string_view text);

}  // namespace nearside::base
