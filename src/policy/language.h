// A tiny deterministic guess at a text's language.
#pragma once

#include <string_view>

#include "policy/document.h"

namespace nearside::policy {

/// "en", "de", or "" when neither clearly leads. Reads the user's documents (all, if none is the
/// user's), at most the last kLanguageBytesMax bytes. Counts frequent words of each language, and
/// German letters.
std::string_view guess_language(const Conversation& conversation);
std::string_view guess_language(std::string_view text);

inline constexpr std::size_t kLanguageBytesMax = 4096;  // enough to be sure, cheap to read

}  // namespace nearside::policy
