#include <array>

#include "gateway/dialect.h"

namespace nearside::gateway {

std::span<const Dialect* const> dialects() {
  static const std::array<const Dialect*, 4> all = {
      &openai_dialect(),
      &anthropic_dialect(),
      &ollama_dialect(),
      &responses_dialect(),
  };
  return all;
}

}  // namespace nearside::gateway
