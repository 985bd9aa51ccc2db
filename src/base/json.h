// JSON from outside, bounded; values are Boost.JSON's.
#pragma once

#include <cstddef>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"

namespace nearside::base {

namespace json = boost::json;

/// Boost.JSON keeps object members in order and rejects invalid UTF-8.
/// Errors: kInvalidArgument with byte offset (malformed, or nested deeper than `depth_max`).
Result<json::value> parse_json(std::string_view text, std::size_t depth_max = 64);

}  // namespace nearside::base
