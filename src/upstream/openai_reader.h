// Reads what an OpenAI-dialect server answers: a stream of chunks, or one whole object from servers
// that do not stream.
#pragma once

#include <memory>

#include "upstream/provider.h"

namespace nearside::upstream {

std::unique_ptr<ReplyReader> make_openai_reader(const chat::Request& request,
                                                const http::Headers& headers);

}  // namespace nearside::upstream
