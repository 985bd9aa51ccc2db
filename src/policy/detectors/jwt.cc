// JSON web tokens: three base64url parts, the first of which begins with `{"`.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kPartBytesMax = 4096;

std::size_t part_end(std::string_view text, std::size_t from) {
  std::size_t i = from;
  while (i < text.size() && i - from <= kPartBytesMax && is_base64url(text[i])) ++i;
  return i;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = match.end - 3;
  if (is_base64url(before(text, begin))) return std::nullopt;  // also keeps "eyJeyJeyJ..." linear
  const std::size_t header = part_end(text, begin);
  if (at(text, header) != '.' || header - begin < 12) return std::nullopt;
  const std::size_t payload = part_end(text, header + 1);
  if (at(text, payload) != '.' || payload - header < 8) return std::nullopt;
  return Span{begin, part_end(text, payload + 1)};
}

}  // namespace

Detector jwt_detector() { return {"jwt", "secret", Sensitivity::kRestricted, {{"eyJ"}}, find}; }

}  // namespace nearside::policy
