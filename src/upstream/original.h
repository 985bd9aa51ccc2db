// The client's own bytes as a server of the same dialect gets them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/request.h"

namespace nearside::upstream {

/// A member and its value as JSON text.
using Members = std::vector<std::pair<std::string_view, std::string>>;

/// `object`, the text of a JSON object, with these members replaced where they stand, or added at
/// its end; every other byte stays. REQUIRES: well-formed JSON without a field named twice.
std::string with_members(std::string_view object, const Members& members);

/// Whether the request came in that dialect, so that its original may be sent instead of a
/// translation. A request that says no dialect but has an original is OpenAI's.
bool came_in(const chat::Request& request, std::string_view dialect);

/// The request's original with `members`.
std::string original_with(const chat::Request& request, const Members& members);

/// A string with its quotes.
std::string json_text(std::string_view text);

}  // namespace nearside::upstream
