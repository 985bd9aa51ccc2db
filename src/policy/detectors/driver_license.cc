// Driving licences and passports: their forms differ by state, so the text has to say what they
// are.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = match.end - 1;
  std::size_t end = begin;
  std::size_t digits = 0;
  constexpr std::size_t kBytesMax = 24;
  while (end - begin < kBytesMax && (is_alnum(at(text, end)) || at(text, end) == '-')) {
    digits += is_digit(text[end]);
    ++end;
  }
  while (end > begin && text[end - 1] == '-') --end;
  constexpr std::size_t kDigitsMin = 4;
  if (digits < kDigitsMin || is_alnum(at(text, end))) return std::nullopt;
  return Span{begin, end};
}

}  // namespace

Detector driver_license_detector() {
  return {
      "driver_license",
      "national_id",
      Sensitivity::kConfidential,
      {{R"((?:driv(?:er|er'?s|ing) ?licen[cs]e|f\xc3\xbchrerschein|passport|reisepass|ausweis|permis de conduire)(?:nummer|-?nr\.?)?(?: (?:number|no\.?|num|#|id|nr\.?)){0,2}(?: (?:is|ist|est)|:|=|#){0,2}\s{1,3}[a-z0-9])",
        true}},
      find};
}

}  // namespace nearside::policy
