// One declaration a provider; providers.cc has the list.
#pragma once

#include "upstream/provider.h"

namespace nearside::upstream {

const Provider& openai_provider();

}  // namespace nearside::upstream
