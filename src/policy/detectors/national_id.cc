// National identity, tax and insurance numbers that carry a checksum: one row each.
#include <algorithm>
#include <array>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kDigitsMax = 18;
using Digits = std::array<unsigned, kDigitsMax>;

/// A number as it is written: its digits, and the sizes of its groups.
struct Number {
  Digits digits{};
  std::size_t count = 0;
  std::array<std::size_t, 8> groups{};
  std::size_t group_count = 0;
  std::size_t end = 0;
  char divider = '\0';  // between the first two groups
};

unsigned weighted(const Digits& digits, std::initializer_list<unsigned> weights) {
  unsigned sum = 0;
  std::size_t i = 0;
  for (const unsigned weight : weights) sum += digits[i++] * weight;
  return sum;
}

bool luhn(const Digits& digits, std::size_t begin, std::size_t end) {
  unsigned sum = 0;
  for (std::size_t i = begin; i < end; ++i) {
    unsigned digit = digits[end - 1 - (i - begin)];
    if ((i - begin) % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

std::uint64_t value(const Digits& digits, std::size_t begin, std::size_t end) {
  std::uint64_t out = 0;
  for (std::size_t i = begin; i < end; ++i) out = out * 10 + digits[i];
  return out;
}

bool is_day_month(std::uint64_t day, std::uint64_t month) {
  return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

// Checks by country. Source: the issuing authorities' descriptions of their numbers.

bool german_tax(const Digits& d) {  // ISO 7064 mod 11,10; one digit comes two or three times
  unsigned counts[10] = {};
  for (std::size_t i = 0; i < 10; ++i) ++counts[d[i]];
  if (d[0] == 0 || std::none_of(counts, counts + 10, [](unsigned c) { return c == 2 || c == 3; }))
    return false;
  unsigned product = 10;
  for (std::size_t i = 0; i < 10; ++i) {
    const unsigned sum = (d[i] + product) % 10;
    product = 2 * (sum == 0 ? 10 : sum) % 11;
  }
  return (11 - product) % 10 == d[10];
}
bool french_nir(const Digits& d) {
  const std::uint64_t month = value(d, 3, 5);
  return (d[0] == 1 || d[0] == 2) && month >= 1 && month <= 42 &&
         97 - value(d, 0, 13) % 97 == value(d, 13, 15);
}
bool dutch_bsn(const Digits& d) {
  return (weighted(d, {9, 8, 7, 6, 5, 4, 3, 2}) + 10 * d[8]) % 11 == 0 && value(d, 0, 9) != 0;
}
bool polish_pesel(const Digits& d) {
  return is_day_month(value(d, 4, 6), value(d, 2, 4) % 20) &&
         (10 - weighted(d, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3}) % 10) % 10 == d[10];
}
bool brazilian_cpf(const Digits& d) {
  if (std::all_of(d.begin(), d.begin() + 11, [&](unsigned x) { return x == d[0]; })) return false;
  const unsigned first = weighted(d, {10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  const unsigned second = weighted(d, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  return first == d[9] && second == d[10];
}
bool indian_aadhaar(const Digits& d) {  // Verhoeff
  constexpr unsigned kTimes[10][10] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
      {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
      {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
      {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
      {8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
  constexpr unsigned kTurns[10] = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
  unsigned check = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    unsigned digit = d[11 - i];
    for (std::size_t turn = 0; turn < i % 8; ++turn) digit = kTurns[digit];
    check = kTimes[check][digit];
  }
  return d[0] >= 2 && check == 0;
}
bool canadian_sin(const Digits& d) { return d[0] != 0 && d[0] != 8 && luhn(d, 0, 9); }
bool swedish_number(const Digits& d) {
  return is_day_month(value(d, 4, 6) % 60, value(d, 2, 4)) && luhn(d, 0, 10);
}
bool swiss_ahv(const Digits& d) {  // EAN-13 beginning with 756
  return value(d, 0, 3) == 756 &&
         (10 - weighted(d, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3}) % 10) % 10 == d[12];
}
bool belgian_number(const Digits& d) {
  if (!is_day_month(value(d, 4, 6), value(d, 2, 4) % 20)) return false;
  const std::uint64_t check = value(d, 9, 11);
  return 97 - value(d, 0, 9) % 97 == check || 97 - (2000000000 + value(d, 0, 9)) % 97 == check;
}
bool british_nhs(const Digits& d) {
  const unsigned check = 11 - weighted(d, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return check != 10 && check % 11 == d[9];
}
bool australian_tfn(const Digits& d) { return weighted(d, {1, 4, 3, 7, 5, 8, 6, 9, 10}) % 11 == 0; }
bool danish_cpr(const Digits& d) { return is_day_month(value(d, 0, 2), value(d, 2, 4)); }
bool norwegian_number(const Digits& d) {
  if (!is_day_month(value(d, 0, 2) % 40, value(d, 2, 4))) return false;
  const unsigned first = (11 - weighted(d, {3, 7, 6, 1, 8, 9, 4, 5, 2}) % 11) % 11;
  const unsigned second = (11 - weighted(d, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2}) % 11) % 11;
  return first == d[9] && second == d[10];
}
bool korean_number(const Digits& d) {
  return is_day_month(value(d, 4, 6), value(d, 2, 4)) &&
         (11 - weighted(d, {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5}) % 11) % 10 == d[12];
}
bool chinese_number(const Digits& d) {  // all eighteen digits; an X at the end is not read
  const std::uint64_t year = value(d, 6, 10);
  return year >= 1900 && year <= 2100 && is_day_month(value(d, 12, 14), value(d, 10, 12)) &&
         (12 - weighted(d, {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}) % 11) % 11 ==
             d[17];
}
bool south_african_id(const Digits& d) {
  return is_day_month(value(d, 4, 6), value(d, 2, 4)) && d[10] <= 1 && luhn(d, 0, 13);
}
bool austrian_svnr(const Digits& d) {
  return is_day_month(value(d, 4, 6), value(d, 6, 8)) && d[0] != 0 &&
         (weighted(d, {3, 7, 9}) +
          weighted({d[4], d[5], d[6], d[7], d[8], d[9]}, {5, 8, 4, 2, 1, 6})) %
                 11 ==
             d[3];
}

struct Row {
  std::size_t digits;
  bool (*check)(const Digits&);
  /// Groups that nobody writes by chance; {} if the checksum is enough, {0} if nothing but a word
  /// is.
  std::array<std::size_t, 5> groups;
  std::array<std::string_view, 4> words;  // before the number
};

constexpr Row kRows[] = {
    {11, german_tax, {2, 3, 3, 3}, {"steuer", "idnr", "id-nr", "tax"}},
    {15, french_nir, {}, {}},
    {9, dutch_bsn, {0}, {"bsn", "burgerservice", "sofi", "citizen service"}},
    {11, polish_pesel, {0}, {"pesel"}},
    {11, brazilian_cpf, {3, 3, 3, 2}, {"cpf"}},
    {12, indian_aadhaar, {4, 4, 4}, {"aadhaar", "aadhar", "uid"}},
    {9, canadian_sin, {0}, {"sin", "social insurance", "nas", "assurance sociale"}},
    {10, swedish_number, {6, 4}, {"personnummer", "personal number", "pnr"}},
    {13, swiss_ahv, {}, {}},
    {11, belgian_number, {2, 2, 2, 3, 2}, {"rijksregister", "registre national", "nrn", "insz"}},
    {10, british_nhs, {0}, {"nhs"}},
    {9, australian_tfn, {0}, {"tfn", "tax file"}},
    {10, danish_cpr, {0}, {"cpr", "personnummer"}},
    {11,
     norwegian_number,
     {6, 5},
     {"f\xc3\xb8"
      "dselsnummer",
      "fnr", "personnummer"}},
    {13, korean_number, {6, 7}, {"rrn", "resident"}},
    {18, chinese_number, {}, {}},
    {13, south_african_id, {0}, {"id number", "identity", "said", "rsa id"}},
    {10, austrian_svnr, {4, 6}, {"sozialversicherung", "svnr", "sv-nr", "vsnr"}},
};

/// Reads digits in up to eight groups with single separators.
bool read(std::string_view text, std::size_t begin, Number& number) {
  std::size_t i = begin;
  while (number.group_count < number.groups.size()) {
    const std::size_t start = i;
    while (is_digit(at(text, i))) {
      if (number.count == kDigitsMax) return false;
      number.digits[number.count++] = static_cast<unsigned>(text[i++] - '0');
    }
    number.groups[number.group_count++] = i - start;
    number.end = i;
    std::size_t skip = separator_bytes(text, i);
    if (skip == 0 && (at(text, i) == '.' || at(text, i) == '/')) skip = 1;
    if (skip == 0 || !is_digit(at(text, i + skip))) break;
    if (number.group_count == 1) number.divider = text[i];
    i += skip;
  }
  return !is_alnum(at(text, number.end));
}

bool grouped_as(const Number& number, const Row& row) {
  if (row.groups[0] == 0) return false;
  for (std::size_t g = 0; g < row.groups.size(); ++g) {
    const std::size_t wanted = row.groups[g];
    const std::size_t given = g < number.group_count ? number.groups[g] : 0;
    if (wanted != given) return false;
  }
  return number.group_count <= row.groups.size();
}

bool said_to_be(std::string_view text, std::size_t begin, const Row& row) {
  constexpr std::size_t kNear = 32;
  for (const std::string_view word : row.words)
    if (!word.empty() && word_precedes(text, begin, kNear, {word})) return true;
  return false;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = match.end - 1;
  const char left = before(text, begin);
  if (is_alnum(left) || left == '.' || left == '+' || left == '-') return std::nullopt;
  // A digit by itself goes before anything is set up: a text may be nothing but such.
  const char next = at(text, begin + 1);
  if (!is_digit(next) && next != '.' && next != '/' && separator_bytes(text, begin + 1) == 0)
    return std::nullopt;
  Number number;
  if (!read(text, begin, number) || number.count < 9) return std::nullopt;
  for (const Row& row : kRows) {
    if (row.digits != number.count || !row.check(number.digits)) continue;
    const bool by_itself = row.groups[0] == 0 && row.words[0].empty();
    if (by_itself || grouped_as(number, row) || said_to_be(text, begin, row))
      return Span{begin, number.end};
  }
  return std::nullopt;
}

}  // namespace

Detector national_id_detector() {
  return {"national_id",
          "national_id",
          Sensitivity::kConfidential,
          {{R"((?:^|[^0-9A-Za-z])[0-9])"}},
          find};
}

}  // namespace nearside::policy
