#include "trust/diagnostic_calls.h"

namespace nearside::trust {

std::span<const int> diagnostic_calls() { return {}; }

}  // namespace nearside::trust
