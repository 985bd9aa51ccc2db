// The messages and tools of an OpenAI chat request: their shapes checked, what they need found out.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "gateway/api_error.h"
#include "gateway/dialect.h"

namespace nearside::gateway {

/// More messages than any conversation has; each costs a look at every later step.
inline constexpr std::size_t kMessagesMax = 10'000;
/// OpenAI's own bound.
inline constexpr std::size_t kToolsMax = 128;

/// An error, or nothing when every message is one of {role, content, ...} as OpenAI publishes them.
/// `asked` notes what is needed to read them (images, audio, files).
std::optional<ApiError> check_messages(const base::json::array& messages, Asked& asked);

std::optional<ApiError> check_tools(const base::json::array& tools);

}  // namespace nearside::gateway
