// Ages of people: a number that the text says is one.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr unsigned kYearsMax = 122;  // the oldest age that was ever proven

std::optional<Span> age_at(std::string_view text, std::size_t begin, std::size_t end) {
  if (end == begin || end - begin > 3 || is_alnum(before(text, begin))) return std::nullopt;
  if (before(text, begin) == '.' || before(text, begin) == '-') return std::nullopt;
  unsigned years = 0;
  for (std::size_t i = begin; i < end; ++i)
    years = years * 10 + static_cast<unsigned>(text[i] - '0');
  if (years == 0 || years > kYearsMax) return std::nullopt;
  return Span{begin, end};
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  if (match.pattern_index == 0) {  // "34 years old": back from the anchor to its number
    std::size_t end = match.begin;
    std::size_t begin = end + 1;
    end = begin;
    while (begin > 0 && end - begin < 4 && is_digit(text[begin - 1])) --begin;
    return age_at(text, begin, end);
  }
  const std::size_t begin = match.end - 1;  // "aged 34": the anchor ends with the first digit
  std::size_t end = begin;
  while (end - begin < 4 && is_digit(at(text, end))) ++end;
  if (is_letter(at(text, end)) || at(text, end) == '%' || is_digit(at(text, end)))
    return std::nullopt;
  return age_at(text, begin, end);
}

}  // namespace

Detector age_detector() {
  return {
      "age",
      "age",
      Sensitivity::kInternal,
      {{R"([0-9](?: |-)(?:years?(?: |-)olds?|yrs?(?: |-)old|y/o|jahre alt|j\xc3\xa4hrige?r?n?s?|jaehrige?r?n?s?|ans\b))",
        true, true},
       {R"(\b(?:aged?|age:|age is|(?:i'?ll|i|will|you|they) turn(?:s|ed)?|turning|alter:|alter von|im alter von) {0,2}[0-9])",
        true}},
      find};
}

}  // namespace nearside::policy
