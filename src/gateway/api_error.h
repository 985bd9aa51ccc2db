// An error on its way to a client, before a dialect gives it its shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::gateway {

struct ApiError {
  int status = 500;
  std::string type;     // a class of errors: "invalid_request_error", "server_error", ...
  std::string code;     // the one reason, for programs; empty when the type says it all
  std::string message;  // for people
  std::string param;    // the field at fault; empty when none is
  std::int64_t retry_after_s = 1;  // of 429 and 503: when to try again
};

/// 400 about one field.
ApiError invalid_field(std::string_view param, std::string message);

/// kInvalidArgument, kUnsupported -> 400; kContextLength -> 400 context_length_exceeded;
/// kUnauthenticated -> 401 invalid_api_key; kPermission -> 403; kNotFound -> 404 model_not_found;
/// kTooLarge -> 413; kExhausted -> 429; kUnavailable, kCorrupt, kCancelled -> 503; kDeadline ->
/// 504; the rest -> 500.
ApiError to_api_error(const base::Error& error);

/// Why policy lets nothing serve a request. Unlike to_api_error, a cost cap that nothing keeps is
/// 402: a client that repeats the request would hear the same.
ApiError policy_refusal(base::Code code, std::string explanation);

/// What the HTTP server refuses before there is a request (malformed, too large, too slow, too many
/// connections).
ApiError transport_refusal(int status, std::string_view sentence);

}  // namespace nearside::gateway
