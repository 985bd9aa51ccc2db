// OpenAI's chat and completion requests into the house's own form.
#pragma once

#include <string_view>
#include <variant>

#include "gateway/dialect.h"

namespace nearside::gateway {

/// Fields that are known are checked; fields that are not stay in chat::Request::original, for
/// upstreams that know them.
std::variant<Asked, ApiError> parse_openai_chat(std::string_view body);
std::variant<Asked, ApiError> parse_openai_completion(std::string_view body);

/// OpenAI's default for the older call.
inline constexpr std::uint32_t kCompletionTokensDefault = 16;
inline constexpr std::size_t kModelNameBytesMax = 256;
inline constexpr std::size_t kStopsMax = 4;
inline constexpr std::size_t kStopBytesMax = 128;

}  // namespace nearside::gateway
