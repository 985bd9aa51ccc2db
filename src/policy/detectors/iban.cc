// International bank account numbers: country, length, mod 97.
#include <algorithm>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

struct Country {
  std::string_view code;
  std::size_t length;
};

// Source: SWIFT, IBAN registry (ISO 13616).
constexpr Country kCountries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
    {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
    {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18},
    {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27},
    {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27},
    {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
    {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20}, {"MR", 27},
    {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24}, {"PL", 28},
    {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24}, {"SC", 31},
    {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}};

constexpr std::size_t kLengthMax = 34;

std::size_t length_for(char first, char second) {
  const char code[] = {to_upper(first), to_upper(second)};
  for (const Country& country : kCountries)
    if (country.code == std::string_view(code, 2)) return country.length;
  return 0;
}

/// ISO 7064 mod 97-10: the first four characters moved to the end, letters as 10 to 35.
bool checks(std::string_view iban) {
  unsigned remainder = 0;
  for (std::size_t i = 0; i < iban.size(); ++i) {
    const char c = to_upper(iban[(i + 4) % iban.size()]);
    if (is_digit(c))
      remainder = (remainder * 10 + static_cast<unsigned>(c - '0')) % 97;
    else
      remainder = (remainder * 100 + static_cast<unsigned>(c - 'A' + 10)) % 97;
  }
  return remainder == 1;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = match.end - 4;  // the anchor is two letters and two digits
  const std::size_t length = length_for(text[begin], text[begin + 1]);
  if (length == 0) return std::nullopt;
  if (is_alnum(before(text, begin)) && !word_precedes(text, begin, 4, {"iban"}))
    return std::nullopt;

  char compact[kLengthMax];
  std::size_t count = 0;
  std::size_t i = begin;
  while (i < text.size() && count < length) {
    if (is_alnum(text[i])) {
      compact[count++] = text[i++];
      continue;
    }
    const std::size_t skip = separator_bytes(text, i);
    if (skip == 0) return std::nullopt;
    i += skip;
    if (!is_alnum(at(text, i))) return std::nullopt;  // one separator at a time
  }
  if (count != length || is_alnum(at(text, i))) return std::nullopt;
  if (!checks({compact, count})) return std::nullopt;
  return Span{begin, i};
}

}  // namespace

Detector iban_detector() {
  return {"iban", "iban", Sensitivity::kConfidential, {{R"([A-Za-z]{2}[0-9]{2})"}}, find};
}

}  // namespace nearside::policy
