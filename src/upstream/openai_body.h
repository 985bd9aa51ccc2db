// The body of a request in OpenAI's dialect, for every provider that speaks it.
#pragma once

#include <string>
#include <string_view>

#include "chat/request.h"

namespace nearside::upstream {

/// A request that came in this dialect is its original with model and stream replaced (and usage
/// asked for in a stream); any other is written anew.
std::string openai_body(std::string_view model, const chat::Request& request);

/// "/chat/completions", "/completions" or "/embeddings".
std::string_view openai_path(const chat::Request& request);

}  // namespace nearside::upstream
