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

base::json::object seam_object(const Seam& seam) {
  return {{"resumed",
           base::json::object{{"target", seam.target}, {"after_text_bytes", seam.text_bytes}}}};
}

std::string seam_member(const AnswerEnd& end) {
  if (!end.seam) return {};
  return ",\"nearside\":" + base::json::serialize(seam_object(*end.seam));
}

}  // namespace nearside::gateway
