// Whether a request asks for what a local engine can do.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "chat/request.h"

namespace nearside::engine {

/// As OpenAI's API; also what the worker's protocol carries.
inline constexpr std::uint32_t kLogprobsMax = 20;
/// As OpenAI's API. Each takes a place in the queue.
inline constexpr std::uint32_t kChoicesMax = 128;
/// Far past any use; bounds the work of a token.
inline constexpr std::size_t kLogitBiasMax = 4096;

/// Errors: kInvalidArgument, naming the field and what it may be; kUnsupported.
base::Status check_request(const chat::Request& request, std::size_t vocabulary_tokens);

}  // namespace nearside::engine
