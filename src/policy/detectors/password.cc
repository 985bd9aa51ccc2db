// Values given to names like "password" or "api_key", and passwords inside URLs.
#include <algorithm>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kValueBytesMax = 256;
constexpr std::size_t kPatternUrl = 2;

bool ends_value(char c) {
  return c == '\0' || static_cast<unsigned char>(c) <= ' ' ||
         std::string_view("\"'`,;<>|").find(c) != std::string_view::npos;
}

/// Values that documents, templates and programs put where a password would stand.
bool is_placeholder(std::string_view value) {
  if (std::string_view("<${[(*%").find(value.front()) != std::string_view::npos) return true;
  if (value.find('(') != std::string_view::npos) return true;  // a call: getenv("PASSWORD")
  std::string lower(value);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const std::string_view word : {"example", "your", "changeme", "placeholder", "redacted",
                                      "xxxx", "process.env", "os.environ", "secrets."})
    if (lower.find(word) != std::string::npos) return true;
  return false;
}

/// Looks like something a machine or a careful person made: different kinds of characters, and no
/// few of them repeated.
bool is_secret_like(std::string_view value, std::size_t bytes_min) {
  constexpr double kEntropyMin =
      2.5;  // "aaaa1111" has 1, "password1" 2.9, random base64 of 16 about 4
  if (value.size() < bytes_min || is_placeholder(value)) return false;
  bool digit = false, letter = false, upper = false, other = false;
  for (const char c : value) {
    digit |= is_digit(c);
    letter |= is_letter(c);
    upper |= c >= 'A' && c <= 'Z';
    other |= !is_alnum(c);
  }
  return letter && (digit || (other && upper)) && entropy_bits(value) >= kEntropyMin;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  std::size_t begin = match.end - 1;  // every anchor ends with the value's first character
  if (ends_value(text[begin])) ++begin;
  std::size_t end = begin;
  const char stop = match.pattern_index == kPatternUrl ? '@' : '\0';
  while (end < text.size() && end - begin < kValueBytesMax && !ends_value(text[end]) &&
         (stop == '\0' || text[end] != stop))
    ++end;
  if (stop != '\0') {  // scheme://user:password@host
    if (at(text, end) != '@' || end - begin < 3 || is_placeholder(text.substr(begin, end - begin)))
      return std::nullopt;
    return Span{begin, end};
  }
  while (end > begin && (text[end - 1] == '.' || text[end - 1] == ')' || text[end - 1] == '}'))
    --end;
  // What is called a password may be short; what is called a token is long.
  const std::size_t bytes_min = match.pattern_index == 0 ? 6 : 12;
  if (end == begin || !is_secret_like(text.substr(begin, end - begin), bytes_min))
    return std::nullopt;
  return Span{begin, end};
}

}  // namespace

Detector password_detector() {
  // After the name: a closing quote, a sign or a verb, an opening quote, the first character.
  const std::string given = R"(["']?\s{0,3}(?:=>|:=|=|:| is | ist | lautet )\s{0,3}["']?[^\s"'])";
  return {
      "password",
      "secret",
      Sensitivity::kRestricted,
      {{R"((?:pass(?:word|wd|phrase|wort)?|pwd|kennwort|login[_-]pw))" + given, true},
       {R"((?:secret|api[_-]?key|access[_-]?key|secret[_-]?key|account[_-]?key|(?:auth|access|bearer|refresh|session)?[_-]?token|credentials?))" +
            given,
        true},
       {R"([a-z0-9]://[^\s/:@"'<>]{1,64}:[^\s/:@"'<>])", true}},
      find};
}

}  // namespace nearside::policy
