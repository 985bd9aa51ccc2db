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
/// `storage` holds the value and has to live as long; none: the heap.
Result<json::value> parse_json(std::string_view text, std::size_t depth_max = 64,
                               const json::storage_ptr& storage = {});

/// Where the JSON string that begins at `at`, with its quote, ends: the index after its last quote,
/// or the size of `text` when it does not end.
std::size_t json_string_end(std::string_view text, std::size_t at);

}  // namespace nearside::base
