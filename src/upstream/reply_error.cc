#include "upstream/reply_error.h"

#include <string>

#include "base/json.h"

namespace nearside::upstream {
namespace {

using base::Code;
using base::fail;

// A server's words are quoted up to here: an error page is not a sentence.
constexpr std::size_t kQuoteBytesMax = 400;

/// The servers' words for a prompt that does not fit: OpenAI's and vLLM's code, llama-server's,
/// and the sentences of those that have no code for it (Anthropic, Bedrock, Gemini).
bool says_too_long(std::string_view code, std::string_view message) {
  if (code == "context_length_exceeded" || code == "exceed_context_size_error") return true;
  for (const char* words : {"prompt is too long", "Input is too long", "input token count exceeds",
                            "exceeds the maximum number of tokens"})
    if (message.find(words) != std::string_view::npos) return true;
  return false;
}

std::string quote(std::string_view message) {
  std::string text;
  for (const char c : message.substr(0, kQuoteBytesMax))
    text.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  // A cut may have split a character; what follows the last whole one is dropped.
  while (text.size() == kQuoteBytesMax && (text.back() & 0x80) != 0) text.pop_back();
  return text;
}

}  // namespace

base::Error error_from_object(int status, std::string_view code, std::string_view message) {
  if (says_too_long(code, message)) return fail(Code::kContextLength, "{}", quote(message));
  if (code == "rate_limit_exceeded" || code == "insufficient_quota" || code == "rate_limit_error" ||
      code == "throttlingException")
    status = 429;
  switch (status) {
    case 400:
    case 422:
      return fail(Code::kInvalidArgument, "the server refuses the request: {}", quote(message));
    case 401:
    case 403:
      return fail(Code::kUnavailable,
                  "the server refuses this node's key (status {}); check the target's key", status);
    case 404:
      return fail(Code::kUnavailable,
                  "the server knows no such path or model (status 404); check the target's url and "
                  "model");
    case 408:
    case 504:
      return fail(Code::kDeadline, "the server gave up waiting (status {})", status);
    case 413:
      return fail(Code::kTooLarge, "the server finds the request too large: {}", quote(message));
    case 429:
      return fail(Code::kExhausted, "the server limits how often it is asked (status 429)");
    default:
      break;
  }
  if (status >= 300 && status < 400)
    return fail(Code::kUnavailable,
                "the server redirects elsewhere (status {}), which is not followed; check the "
                "target's url",
                status);
  if (status > 400 && status < 500)
    return fail(Code::kInvalidArgument, "the server refuses the request (status {}): {}", status,
                quote(message));
  return fail(Code::kUnavailable, "the server failed (status {})", status);
}

base::Error reply_error(int status, std::string_view body) {
  std::string code;
  std::string message;
  if (const auto parsed = base::parse_json(body); parsed && parsed->is_object()) {
    const auto* error = parsed->as_object().if_contains("error");
    if (error != nullptr && error->is_object()) {
      for (const char* name : {"type", "code"})
        if (const auto* found = error->as_object().if_contains(name); found && found->is_string())
          code = found->as_string();
      if (const auto* found = error->as_object().if_contains("message");
          found && found->is_string())
        message = found->as_string();
    } else if (error != nullptr && error->is_string()) {
      message = error->as_string();
    }
    // Amazon's errors have nothing around their message.
    if (const auto* found = parsed->as_object().if_contains("message");
        message.empty() && found != nullptr && found->is_string())
      message = found->as_string();
  }
  return error_from_object(status, code, message.empty() ? "it does not say why" : message);
}

}  // namespace nearside::upstream
