#include <array>

#include "gateway/dialect.h"

namespace nearside::gateway {

std::span<const Dialect* const> dialects() {
  static const std::array<const Dialect*, 1> all = {
      &openai_dialect(),
  };
  return all;
}

}  // namespace nearside::gateway
