// A chat::Request as JSON text, on its way to a worker.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/request.h"

namespace nearside::worker {

/// Everything but `original`, which only upstreams need.
std::string request_to_json(const chat::Request& request);

/// Errors: kInvalidArgument (not what request_to_json writes: malformed, text that is not UTF-8).
base::Result<chat::Request> request_from_json(std::string_view text);

}  // namespace nearside::worker
