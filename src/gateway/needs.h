// What a request needs of whoever serves it, beyond turning text into text.
#pragma once

#include <string_view>

#include "gateway/dialect.h"

namespace nearside::gateway {

/// Notes that `asked` needs that ability ("tools", "images", "embeddings"). What no local model of
/// this build offers makes the request one for upstreams only; the one list of what they do offer
/// is in needs.cc.
void need(Asked& asked, std::string_view ability);

/// Whether local models offer it.
bool local_models_can(std::string_view ability);

}  // namespace nearside::gateway
