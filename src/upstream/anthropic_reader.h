// Reads what Anthropic's messages call answers: a stream of events, or one whole message.
// Source: Anthropic's API reference (Messages, Streaming messages), and bodies recorded from it.
#pragma once

#include <memory>

#include "upstream/provider.h"

namespace nearside::upstream {

std::unique_ptr<ReplyReader> make_anthropic_reader(const chat::Request& request,
                                                   const http::Headers& headers);

}  // namespace nearside::upstream
