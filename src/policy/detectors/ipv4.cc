// IPv4 addresses. Anchor: the beginning of a fourth dotted number.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

struct Octets {
  std::size_t end = 0;
  bool all_single_digit = true;
  bool unspecific = false;  // 0.0.0.0, 127.0.0.1, 255.255.255.x: nobody's address
};

std::optional<Octets> read(std::string_view text, std::size_t begin) {
  Octets out;
  unsigned first = 0, last = 0, sum = 0;
  std::size_t i = begin;
  for (int octet = 0; octet < 4; ++octet) {
    if (octet > 0 && at(text, i++) != '.') return std::nullopt;
    const std::size_t start = i;
    unsigned value = 0;
    while (i - start < 4 && is_digit(at(text, i)))
      value = value * 10 + static_cast<unsigned>(text[i++] - '0');
    const std::size_t digits = i - start;
    if (digits == 0 || digits > 3 || value > 255) return std::nullopt;
    if (digits > 1 && text[start] == '0') return std::nullopt;
    if (digits > 1) out.all_single_digit = false;
    if (octet == 0) first = value;
    last = value;
    sum += value;
  }
  // "1.2.3.4.5" is a section, "10.0.0.1.in" may end a sentence.
  if (is_alnum(at(text, i)) || (at(text, i) == '.' && is_digit(at(text, i + 1))))
    return std::nullopt;
  out.end = i;
  out.unspecific = sum == 0 || (first == 127 && sum - last == 127) || sum - last == 3 * 255;
  return out;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  // The anchor is any dot between digits; only the first of a row begins an address.
  std::size_t begin = match.end - 2;
  while (match.end - begin < 6 && is_digit(before(text, begin))) --begin;
  const char left = before(text, begin);
  if (is_alnum(left) || left == '_' || left == '.') return std::nullopt;
  const auto octets = read(text, begin);
  if (!octets || octets->unspecific) return std::nullopt;
  if (word_precedes(text, begin, 16,
                    {"version", "firmware", "release", "build", "rev", "section", "kapitel"}))
    return std::nullopt;
  if (octets->all_single_digit &&
      !word_precedes(text, begin, 40,
                     {"ip", "address", "adresse", "host", "ping", "dns", "server", "node"}))
    return std::nullopt;
  return Span{begin, octets->end};
}

}  // namespace

Detector ipv4_detector() {
  return {"ipv4", "ip", Sensitivity::kInternal, {{R"([0-9]\.[0-9])"}}, find};
}

}  // namespace nearside::policy
