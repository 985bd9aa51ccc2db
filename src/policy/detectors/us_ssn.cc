// United States social security numbers.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

/// Source: SSA, numbers that are never issued: area 000, 666, 900 and above; group 00; serial 0000.
bool issued(std::string_view area, std::string_view group, std::string_view serial) {
  return area != "000" && area != "666" && area[0] != '9' && group != "00" && serial != "0000";
}

std::optional<Span> divided(std::string_view text, std::size_t end) {
  const std::size_t begin = end - 11;  // AAA-GG-SSSS
  const char left = before(text, begin);
  const char right = at(text, end);
  if (is_alnum(left) || left == '-' || left == '.' || is_alnum(right)) return std::nullopt;
  if (right == '-' && is_alnum(at(text, end + 1))) return std::nullopt;
  if (!issued(text.substr(begin, 3), text.substr(begin + 4, 2), text.substr(begin + 7, 4)))
    return std::nullopt;
  return Span{begin, end};
}

/// Nine digits in a row are a social security number only where the text says so.
std::optional<Span> plain(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  while (end - begin < 10 && is_digit(at(text, end))) ++end;
  if (end - begin != 9 || is_alnum(at(text, end))) return std::nullopt;
  if (!issued(text.substr(begin, 3), text.substr(begin + 3, 2), text.substr(begin + 5, 4)))
    return std::nullopt;
  return Span{begin, end};
}

std::optional<Span> find(const Match& match) {
  if (match.pattern_index == 2) return plain(match.text, match.end - 1);
  return divided(match.text, match.end);
}

}  // namespace

Detector us_ssn_detector() {
  return {"us_ssn",
          "national_id",
          Sensitivity::kConfidential,
          {{R"([0-9]{3}-[0-9]{2}-[0-9]{4})"},
           {R"([0-9]{3} [0-9]{2} [0-9]{4})"},
           {R"((?:\bssn|social security)[^0-9\n]{1,24}[0-9])", true}},
          find};
}

}  // namespace nearside::policy
