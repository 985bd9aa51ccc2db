// Anthropic's messages requests into the house's own form.
#pragma once

#include <string_view>
#include <variant>

#include "gateway/dialect.h"

namespace nearside::gateway {

/// System prompts become a first message of role system; tool_use blocks become tool calls;
/// tool_result blocks become messages of role tool before what else their message holds, with
/// images that they carry moved to the user's message that follows; thoughts are kept beside the
/// message (`reasoning_content`, `reasoning_signature`). Tools that the provider itself runs are
/// kept as they are and make the request one for upstreams.
std::variant<Asked, ApiError> parse_anthropic_messages(std::string_view body);
/// The same without `max_tokens`.
std::variant<Asked, ApiError> parse_anthropic_count(std::string_view body);

}  // namespace nearside::gateway
