// Hardware addresses: six pairs of hex digits with colons or hyphens, or three dotted fours.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kLengths[] = {17, 17, 14};  // of the patterns below

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = match.end - kLengths[match.pattern_index];
  const char left = before(text, begin);
  const char right = at(text, match.end);
  const char divider = text[begin + (match.pattern_index == 2 ? 4 : 2)];
  if (is_alnum(left) || is_alnum(right) || left == divider) return std::nullopt;
  if (right == divider && is_hex(at(text, match.end + 1))) return std::nullopt;
  bool letter_or_spread = false;  // "11-22-33-44-55-66" may be a MAC, "00-00-00-00-00-00" is none
  for (std::size_t i = begin; i < match.end; ++i)
    letter_or_spread |= text[i] != divider && text[i] != text[begin];
  return letter_or_spread ? std::optional(Span{begin, match.end}) : std::nullopt;
}

}  // namespace

Detector mac_detector() {
  return {"mac",
          "mac",
          Sensitivity::kInternal,
          {{R"((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})"},
           {R"((?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})"},
           {R"((?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})"}},
          find};
}

}  // namespace nearside::policy
