// Telephone numbers, international and national. Anchor: the beginning of any number.
//
// Numbers that are no telephone numbers are far more common in a plant's texts than those that are
// (orders, parts, measurements, dates). So a shape of its own is required (+country, (area), three-
// three-four, a trunk 0 with groups), or a word nearby that says "telephone".
#include <algorithm>
#include <array>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kGroupsMax = 8;
constexpr std::size_t kDigitsMax = 15;  // ITU-T E.164
constexpr std::size_t kReadMax =
    20;  // digits read before giving up: a longer number is something else

/// What stands between the groups of a number.
struct Signs {
  bool parenthesis = false;
  bool slash = false;
  bool dots_only = true;
  bool dashes_only = true;
};

/// A number as it is written: groups of digits with separators between.
struct Number {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::array<std::size_t, kGroupsMax> sizes{};
  std::size_t groups = 0;
  std::size_t digits = 0;
  bool plus = false;
  Signs signs;
  std::array<char, kReadMax> values{};

  [[nodiscard]] bool shaped(std::initializer_list<std::size_t> wanted) const {
    return groups == wanted.size() && std::equal(wanted.begin(), wanted.end(), sizes.begin());
  }
  [[nodiscard]] std::string_view text() const { return {values.data(), digits}; }
};

/// Bytes between two groups (") ", " (0)", "-", "/", ...), 0 when the number ends here.
std::size_t gap_bytes(std::string_view text, std::size_t from, Signs& signs) {
  std::size_t i = from;
  for (int pieces = 0; pieces < 3; ++pieces) {
    const char c = at(text, i);
    if (is_digit(c)) break;
    if (const std::size_t separator = separator_bytes(text, i); separator > 0) {
      signs.dots_only = false;
      if (c != '-') signs.dashes_only = false;
      i += separator;
    } else if (c == '.' || c == '/' || c == '(' || c == ')') {
      signs.dashes_only = false;
      if (c != '.') signs.dots_only = false;
      signs.slash |= c == '/';
      signs.parenthesis |= c == '(';
      ++i;
    } else {
      return 0;
    }
  }
  return is_digit(at(text, i)) ? i - from : 0;
}

/// Reads on from `number.begin`. False: too many digits or groups for a telephone number.
bool read(std::string_view text, std::size_t first_digit, Number& number) {
  std::size_t i = first_digit;
  while (true) {
    const std::size_t start = i;
    while (is_digit(at(text, i))) {
      if (number.digits == kReadMax) return false;
      number.values[number.digits++] = text[i++];
    }
    if (number.groups == kGroupsMax) return false;
    number.sizes[number.groups++] = i - start;
    number.end = i;
    Signs ahead = number.signs;  // what a gap says counts only if digits follow
    const std::size_t gap = gap_bytes(text, i, ahead);
    if (gap == 0) break;
    number.signs = ahead;
    i += gap;
  }
  if (number.groups == 1) number.signs.dots_only = number.signs.dashes_only = false;
  return true;
}

/// The place may begin a number: not the middle of a word, a path, an amount or a longer number.
bool begins_number(std::string_view text, std::size_t begin) {
  const char left = before(text, begin);
  if (is_alnum(left) || std::string_view("._,#$=*^\\@").find(left) != std::string_view::npos)
    return left == '\0';
  const bool divider = left == ' ' || left == '-' || left == '/' || left == ')';
  return !divider || begin < 2 || !is_digit(text[begin - 2]);
}

bool is_date_or_address(const Number& n) {
  if (n.shaped({4, 2, 2}) || n.shaped({2, 2, 4}) || n.shaped({1, 2, 4}) || n.shaped({2, 1, 4}) ||
      n.shaped({1, 1, 4}))
    return true;
  return n.signs.dots_only && n.groups == 4 &&
         std::all_of(n.sizes.begin(), n.sizes.begin() + 4, [](std::size_t s) { return s <= 3; });
}

bool north_american(const Number& n) {
  const std::string_view digits = n.text();
  const bool with_one = n.shaped({1, 3, 3, 4}) && digits[0] == '1';
  if (!with_one && !n.shaped({3, 3, 4})) return false;
  const std::size_t area = with_one ? 1 : 0;
  return digits[area] >= '2' && digits[area + 3] >= '2';
}

/// A national number with its trunk 0, written in a way that other numbers are not.
bool trunk(const Number& n) {
  const std::string_view digits = n.text();
  if (digits[0] != '0' || digits[1] == '0') return false;
  if (digits[1] == '1' && digits[2] >= '5' && digits[2] <= '7')  // German mobile
    return n.digits >= 11 && n.digits <= 12;
  if (n.groups == 1) return false;
  if (n.signs.parenthesis || n.signs.slash)
    return n.digits >= 8 && n.digits <= 12 && n.sizes[0] >= 2;
  if (n.shaped({2, 2, 2, 2, 2})) return true;  // French
  if (n.signs.dashes_only || n.signs.dots_only || n.digits < 10 || n.digits > 12) return false;
  return n.sizes[0] >= 3 && n.sizes[0] <= 5;
}

bool international(const Number& n) {
  if (n.plus && n.values[0] != '0')
    return n.digits >= (n.groups > 1 ? 8U : 9U) && n.digits <= kDigitsMax;
  const std::string_view digits = n.text();
  return n.groups > 1 && digits.starts_with("00") && digits[2] != '0' && n.digits >= 10 &&
         n.digits <= kDigitsMax + 2 && n.sizes[0] <= 5;
}

bool said_to_be(std::string_view text, const Number& n) {
  constexpr std::size_t kNear = 28;
  if (n.digits < 7 || n.digits > kDigitsMax || is_date_or_address(n)) return false;
  if (word_precedes(
          text, n.begin, kNear,
          {"phone", "tel", "fon", "mobil", "handy", "fax", "cell", "whatsapp", "rufnummer",
           "r\xc3\xbc"
           "ckruf",
           "durchwahl", "hotline"}))
    return true;
  const std::string_view after = text.substr(n.end, std::min<std::size_t>(8, text.size() - n.end));
  for (const std::string_view word : {" office", " fax", " mobile", " cell"})
    if (after.starts_with(word)) return true;
  return n.groups > 1 && word_precedes(text, n.begin, kNear,
                                       {"call", "reach", "answering", "text", "messag", "sms",
                                        "ruf", "anruf", "ring", "dial", "w\xc3\xa4hl", "erreich"});
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t first_digit = match.end - 1;
  Number number;
  number.begin = first_digit;
  if (before(text, number.begin) == '(') {
    number.signs.parenthesis = true;
    --number.begin;
  }
  if (before(text, number.begin) == '+') {
    number.plus = true;
    --number.begin;
  }
  // First what costs least: a text may be nothing but beginnings of numbers.
  if (!begins_number(text, number.begin)) return std::nullopt;
  if (!read(text, first_digit, number) || number.digits < 7) return std::nullopt;
  if (is_letter(at(text, number.end)) && at(text, number.end) != 'x') return std::nullopt;
  const bool own_shape = international(number) ||
                         (!is_date_or_address(number) && (north_american(number) || trunk(number)));
  if (!own_shape && !said_to_be(text, number)) return std::nullopt;
  return Span{number.begin, number.end};
}

}  // namespace

Detector phone_detector() {
  return {"phone", "phone", Sensitivity::kConfidential, {{R"((?:^|[^0-9A-Za-z])[0-9])"}}, find};
}

}  // namespace nearside::policy
