// Token counts for servers that report none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chat/request.h"

namespace nearside::upstream {

/// Tokens of that many bytes of text. Source: byte-level vocabularies average close to four bytes a
/// token on English prose.
constexpr std::uint64_t tokens_in(std::size_t text_bytes) { return (text_bytes + 3) / 4; }

/// Tokens of a request's prompt, from the length of its texts.
std::uint64_t estimate_prompt_tokens(const chat::Request& request);

}  // namespace nearside::upstream
