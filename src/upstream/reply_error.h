// What an HTTP status from an upstream means for the request, and whose fault it is.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace nearside::upstream {

/// The error for a reply whose status is not 200. The server's own words are added where they are
/// about the request (400, 413, 422), not where they might quote our key.
///
/// 400, 422 -> kInvalidArgument (kContextLength when its code says so); 401, 403 -> kUnavailable:
/// our key or account is at fault, not the client; 404 -> kUnavailable: our URL or model name is;
/// 408, 504 -> kDeadline; 413 -> kTooLarge; 429 -> kExhausted; 3xx, 5xx and what nobody defined ->
/// kUnavailable.
base::Error reply_error(int status, std::string_view body);

/// The `error` object that OpenAI-like servers put in a body or in the middle of a stream; `status`
/// is used where it has no code of its own.
base::Error error_from_object(int status, std::string_view code, std::string_view message);

}  // namespace nearside::upstream
