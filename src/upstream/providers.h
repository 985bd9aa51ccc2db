// One declaration a provider; providers.cc has the list.
#pragma once

#include "upstream/provider.h"

namespace nearside::upstream {

const Provider& openai_provider();
const Provider& responses_provider();
const Provider& azure_provider();
const Provider& anthropic_provider();
const Provider& gemini_provider();
const Provider& bedrock_provider();
const Provider& ollama_provider();

}  // namespace nearside::upstream
