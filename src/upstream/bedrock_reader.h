// Reads what Bedrock's converse calls answer: a binary event stream, one whole object, or the
// vectors of an invoked model. Source: Amazon Bedrock API reference (ConverseStream, Converse,
// InvokeModel of Titan and Cohere embeddings), and bodies recorded from it.
#pragma once

#include <memory>

#include "upstream/provider.h"

namespace nearside::upstream {

std::unique_ptr<ReplyReader> make_bedrock_reader(const chat::Request& request,
                                                 const http::Headers& headers);

}  // namespace nearside::upstream
