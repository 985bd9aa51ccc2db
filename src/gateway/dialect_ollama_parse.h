// Ollama's chat, generate and embed requests into the house's own form.
#pragma once

#include <string_view>
#include <variant>

#include "gateway/dialect.h"

namespace nearside::gateway {

/// Streams unless told not to. `images` of a message become image parts; tool calls, which have no
/// ids here, get them, and results are matched to calls in order.
std::variant<Asked, ApiError> parse_ollama_chat(std::string_view body);
/// A chat of one message, or with `raw` a completion.
std::variant<Asked, ApiError> parse_ollama_generate(std::string_view body);
std::variant<Asked, ApiError> parse_ollama_embed(std::string_view body);

}  // namespace nearside::gateway
