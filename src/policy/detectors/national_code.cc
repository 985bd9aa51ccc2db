// National identity codes of letters and digits: Spain, Italy, the United Kingdom, Finland.
#include <array>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

unsigned digit(char c) { return static_cast<unsigned>(c - '0'); }

/// Eight digits (or X, Y, Z and seven) and the letter that their remainder by 23 gives.
bool spanish(std::string_view code) {
  constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
  unsigned value = code[0] == 'X' || code[0] == 'Y' || code[0] == 'Z'
                       ? static_cast<unsigned>(code[0] - 'X')
                       : digit(code[0]);
  for (const char c : code.substr(1))
    if (is_digit(c)) value = value * 10 + digit(c);
  return kLetters[value % 23] == code.back();
}

/// Codice fiscale: the last letter is a sum of all before it, odd places by a table.
/// Source: decree of 23 December 1976, annex.
bool italian(std::string_view code) {
  constexpr std::array<unsigned, 26> kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                             20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  unsigned sum = 0;
  for (std::size_t i = 0; i < 15; ++i) {
    const unsigned value =
        is_digit(code[i]) ? digit(code[i]) : static_cast<unsigned>(to_upper(code[i]) - 'A');
    sum += i % 2 == 0 ? kOdd[value] : value;
  }
  return static_cast<char>('A' + sum % 26) == to_upper(code[15]);
}

/// Prefixes that are never given, by HMRC's manual NIM39110.
bool british(std::string_view code) {
  const std::string_view two = code.substr(0, 2);
  for (const std::string_view never : {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
    if (two == never) return false;
  return std::string_view("DFIQUV").find(two[0]) == std::string_view::npos &&
         std::string_view("DFIQUVO").find(two[1]) == std::string_view::npos;
}

/// Day, month, year, century, serial, and a character by the remainder by 31.
bool finnish(std::string_view code) {
  constexpr std::string_view kCharacters = "0123456789ABCDEFHJKLMNPRSTUVWXY";
  unsigned value = 0;
  for (const std::size_t i : {0, 1, 2, 3, 4, 5, 7, 8, 9}) value = value * 10 + digit(code[i]);
  const unsigned day = digit(code[0]) * 10 + digit(code[1]);
  const unsigned month = digit(code[2]) * 10 + digit(code[3]);
  return day >= 1 && day <= 31 && month >= 1 && month <= 12 && kCharacters[value % 31] == code[10];
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::string_view code = text.substr(match.begin, match.end - match.begin);
  if (is_alnum(before(text, match.begin)) || is_alnum(at(text, match.end))) return std::nullopt;
  bool right = false;
  switch (match.pattern_index) {
    case 0:
      right = spanish(code);
      break;
    case 1:
      right = italian(code);
      break;
    case 2:
      right = british(code);
      break;
    default:
      right = finnish(code);
  }
  return right ? std::optional(Span{match.begin, match.end}) : std::nullopt;
}

}  // namespace

Detector national_code_detector() {
  return {"national_code",
          "national_id",
          Sensitivity::kConfidential,
          {{R"([0-9XYZ][0-9]{7}-?[A-Z])", false, true},
           {R"([A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z])", true, true},
           {R"([A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D])", false, true},
           {R"([0-9]{6}[\-+A][0-9]{3}[0-9A-Y])", false, true}},
          find};
}

}  // namespace nearside::policy
