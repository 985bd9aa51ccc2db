// Dates of birth: a date that the text says somebody was born on.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kDateBytesMax = 32;  // "the 24th of September, 1991"

bool in_date(char c) {
  return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("./- ,").find(c) != std::string_view::npos;
}

/// The date that begins here: up to its year, or two numbers with a divider.
std::optional<Span> date_at(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  std::size_t numbers = 0;
  std::size_t good = 0;
  while (end - begin < kDateBytesMax && in_date(at(text, end))) {
    if (!is_digit(text[end])) {
      ++end;
      continue;
    }
    const std::size_t start = end;
    while (is_digit(at(text, end))) ++end;
    ++numbers;
    const bool year = end - start == 4 && (text[start] == '1' || text[start] == '2');
    if (numbers >= 2 || year) good = end;
    if (numbers == 3 || (year && numbers > 1)) break;
  }
  if (good == 0 || (numbers < 2 && good - begin > 16)) return std::nullopt;
  return Span{begin, good};
}

// How a birth is said, in the languages that the tagger was trained with.
constexpr std::string_view kSaid[] = {R"(\bborn(?: on| in)?(?: in [a-z]{2,20})?(?: on)?)",
                                      R"(date of birth)",
                                      R"(\bd\.?o\.?b\.?)",
                                      R"(birth ?da(?:y|te))",
                                      R"(geboren)",
                                      R"(geburts(?:datum|tag))",
                                      R"(\bgeb\.)",
                                      R"(n\xc3\xa9e? le)",
                                      R"(date de naissance)",
                                      R"(fecha de nacimiento)",
                                      R"(nacid[oa] el)",
                                      R"(data di nascita)",
                                      R"(data de nascimento)"};
constexpr std::string_view kBetween =
    R"([ :=\t"',.?]{1,6}(?:(?:is|on|the|am|den|it's|its|was|ist)[ :]{1,2}){0,2})";
constexpr std::string_view kMonths =
    "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez)";
constexpr std::size_t kMonthBytes = 3;

std::optional<Span> find(const Match& match) {
  // The anchor ends with the first digit of the date, or with the first letters of a month.
  const bool month = match.pattern_index >= std::size(kSaid);
  return date_at(match.text, match.end - (month ? kMonthBytes : 1));
}

}  // namespace

Detector birth_date_detector() {
  std::vector<Pattern> patterns;
  for (const std::string_view date : {std::string_view("[0-9]"), kMonths})
    for (const std::string_view said : kSaid)
      patterns.push_back({std::string(said).append(kBetween).append(date), true});
  return {"birth_date", "birth_date", Sensitivity::kConfidential, std::move(patterns), find};
}

}  // namespace nearside::policy
