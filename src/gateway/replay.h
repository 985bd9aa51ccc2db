// A whole answer sent again, streamed or not.
#pragma once

#include <string>

#include "gateway/dialect.h"

namespace nearside::gateway {

/// The answer as the bytes of a stream.
std::string replayed_stream(Answer& answer, const WholeAnswer& whole);

}  // namespace nearside::gateway
