// Payment card numbers: issuer's prefix, its lengths, Luhn's checksum.
#include <array>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kDigitsMax = 19;  // ISO/IEC 7812

/// Does an issuer give out numbers of this beginning and length? `six`: the first six digits.
/// Source: the issuers' published ranges (ISO/IEC 7812 prefixes).
bool issued(unsigned six, std::size_t length) {
  const unsigned two = six / 10000;
  const unsigned three = six / 1000;
  const unsigned four = six / 100;
  if (two / 10 == 4) return length == 13 || length == 16 || length == 19;  // Visa
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720))
    return length == 16;                            // Mastercard
  if (two == 34 || two == 37) return length == 15;  // Amex
  if ((three >= 300 && three <= 305) || two == 36 || two == 38 || two == 39)
    return length == 14 || length == 16;  // Diners
  if (four == 6011 || (three >= 644 && three <= 649) || two == 65)
    return length == 16 || length == 19;
  if (four >= 3528 && four <= 3589) return length >= 16;  // JCB
  if (two == 62 || two == 81) return length >= 16;        // UnionPay
  if (four == 5018 || four == 5020 || four == 5038 || four == 5893 || four == 6304 ||
      four == 6759 || (four >= 6761 && four <= 6763) || four == 6390)
    return length >= 12;  // Maestro
  return false;
}

bool luhn(const std::array<unsigned char, kDigitsMax>& digits, std::size_t count) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    unsigned digit = digits[count - 1 - i];
    if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

/// Issuers' ranges change and regional cards are many: where the text says "card", the checksum is
/// enough.
bool said_to_be_card(std::string_view text, std::size_t begin) {
  return word_precedes(text, begin, 40,
                       {"card", "credit", "karte", "kredit", "visa", "mastercard", "amex"});
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = match.end - 4;  // the anchor ends with the first four digits
  if (before(text, begin) == '+') return std::nullopt;  // a telephone number
  // The fraction of a decimal number is no card.
  if ((before(text, begin) == '.' || before(text, begin) == ',') && begin >= 2 &&
      is_digit(text[begin - 2]))
    return std::nullopt;

  std::array<unsigned char, kDigitsMax> digits{};
  std::size_t count = 0;
  unsigned six = 0;
  std::size_t i = begin;
  while (count < kDigitsMax) {
    while (count < kDigitsMax && is_digit(at(text, i))) {
      digits[count++] = static_cast<unsigned char>(text[i++] - '0');
      if (count <= 6) six = six * 10 + digits[count - 1];
    }
    if (is_digit(at(text, i))) return std::nullopt;  // longer than any card
    // A group ends here: is what there is so far a card? Trying each group's end finds a number
    // that is followed by another one ("4111 1111 1111 1111 123").
    if (count >= 12 && luhn(digits, count) && (issued(six, count) || said_to_be_card(text, begin)))
      return Span{begin, i};
    const std::size_t skip = separator_bytes(text, i);
    if (skip == 0 || !is_digit(at(text, i + skip))) return std::nullopt;
    i += skip;
  }
  return std::nullopt;
}

}  // namespace

Detector card_detector() {
  return {"card", "card", Sensitivity::kConfidential, {{R"((?:^|[^0-9])[0-9]{4})"}}, find};
}

}  // namespace nearside::policy
