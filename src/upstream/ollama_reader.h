// Reads what Ollama answers: one object a line, or one whole. Source: Ollama's docs/api.md.
#pragma once

#include <memory>

#include "upstream/provider.h"

namespace nearside::upstream {

std::unique_ptr<ReplyReader> make_ollama_reader(const chat::Request& request,
                                                const http::Headers& headers);

}  // namespace nearside::upstream
