#include "gateway/api_error.h"

#include <utility>

namespace nearside::gateway {
namespace {

constexpr const char* kInvalidRequest = "invalid_request_error";
constexpr const char* kServer = "server_error";

}  // namespace

ApiError invalid_field(std::string_view param, std::string message) {
  return {400, kInvalidRequest, "invalid_value", std::move(message), std::string(param)};
}

ApiError to_api_error(const base::Error& error) {
  using base::Code;
  switch (error.code) {
    case Code::kInvalidArgument:
      return {400, kInvalidRequest, "invalid_value", error.message, ""};
    case Code::kUnsupported:
      return {400, kInvalidRequest, "unsupported", error.message, ""};
    case Code::kContextLength:
      return {400, kInvalidRequest, "context_length_exceeded", error.message, "messages"};
    case Code::kUnauthenticated:
      return {401, kInvalidRequest, "invalid_api_key", error.message, ""};
    case Code::kPermission:
      return {403, "permission_error", "policy_refused", error.message, ""};
    case Code::kNotFound:
      return {404, kInvalidRequest, "model_not_found", error.message, "model"};
    case Code::kTooLarge:
      return {413, kInvalidRequest, "request_too_large", error.message, ""};
    case Code::kExhausted:
      return {429, "rate_limit_error", "rate_limit_exceeded", error.message, ""};
    case Code::kUnavailable:
    case Code::kCorrupt:
    case Code::kCancelled:
      return {503, kServer, "target_unavailable", error.message, ""};
    case Code::kDeadline:
      return {504, kServer, "deadline_exceeded", error.message, ""};
    case Code::kIo:
    case Code::kInternal:
      break;
  }
  return {500, kServer, "internal_error", error.message, ""};
}

ApiError policy_refusal(base::Code code, std::string explanation) {
  if (code == base::Code::kExhausted)
    return {402, kInvalidRequest, "cost_cap_exceeded", std::move(explanation), ""};
  return to_api_error({code, std::move(explanation)});
}

ApiError transport_refusal(int status, std::string_view sentence) {
  const std::string message(sentence);
  switch (status) {
    case 408:
      return {status, kInvalidRequest, "request_timeout", message, ""};
    case 413:
      return {status, kInvalidRequest, "request_too_large", message, ""};
    case 431:
      return {status, kInvalidRequest, "headers_too_large", message, ""};
    case 503:
      return {status, kServer, "overloaded", message, ""};
    default:
      return {status, kInvalidRequest, "malformed_request", message, ""};
  }
}

}  // namespace nearside::gateway
