// OpenAI's responses requests into the house's own form.
#pragma once

#include <string_view>
#include <variant>

#include "gateway/dialect.h"

namespace nearside::gateway {

/// Items become messages: calls join the assistant's message before them, outputs of calls become
/// messages of role tool. What needs a server's memory (previous_response_id, conversation,
/// background, item references) is refused; tools that the provider runs make the request one for
/// upstreams.
std::variant<Asked, ApiError> parse_responses(std::string_view body);

}  // namespace nearside::gateway
