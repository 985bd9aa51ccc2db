// Reads what Gemini's generateContent calls answer: a stream of events, one whole object, or
// vectors. Source: Gemini API reference, and bodies recorded from it and from Vertex AI.
#pragma once

#include <memory>

#include "upstream/provider.h"

namespace nearside::upstream {

std::unique_ptr<ReplyReader> make_gemini_reader(const chat::Request& request,
                                                const http::Headers& headers);

}  // namespace nearside::upstream
