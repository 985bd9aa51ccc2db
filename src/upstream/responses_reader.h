// Reads what OpenAI's responses call answers: a stream of events, or one whole response.
#pragma once

#include <memory>

#include "upstream/provider.h"

namespace nearside::upstream {

std::unique_ptr<ReplyReader> make_responses_reader(const chat::Request& request,
                                                   const http::Headers& headers);

}  // namespace nearside::upstream
