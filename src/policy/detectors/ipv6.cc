// IPv6 addresses. Anchor: two colons close together.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kTextBytesMax = 45;  // eight groups, or six and a dotted quad

/// RFC 4291, 2.2: eight groups of one to four hex digits, or fewer with one "::".
bool is_address(std::string_view text) {
  std::size_t groups = 0, shortened = 0, i = 0;
  bool has_digit = false;
  bool all_pairs = true;  // "00:1A:..." is a hardware address
  if (text.starts_with("::")) {
    shortened = 1;
    i = 2;
  }
  while (i < text.size()) {
    const std::size_t start = i;
    while (i < text.size() && is_hex(text[i])) has_digit |= is_digit(text[i++]);
    if (i == start || i - start > 4) return false;
    all_pairs &= i - start == 2;
    ++groups;
    if (i == text.size()) break;
    if (text[i++] != ':') return false;
    if (i == text.size()) return false;  // a lone colon at the end
    if (text[i] == ':') {
      if (++shortened > 1) return false;
      if (++i == text.size()) break;
    }
  }
  if (shortened == 0) return groups == 8 && has_digit && !all_pairs;
  // "a::b" is also how programs spell names; three groups or a digit-bearing pair make an address.
  return groups <= 7 && has_digit &&
         (groups >= 3 || text.starts_with("fe80") || text.starts_with("2"));
}

/// Does a group of digits with a colon before it stand in the same run to the left? What is found
/// depends on the run alone, so its first colon decides it: a page of colons stays cheap.
bool decided_before(std::string_view text, std::size_t colon) {
  std::size_t i = colon;
  while (i > 0 && colon - i < 4 && is_hex(text[i - 1])) --i;
  return before(text, i) == ':' && is_hex(before(text, i - 1));
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  if (decided_before(text, match.end - 2)) return std::nullopt;
  const auto part = [](char c) { return is_hex(c) || c == ':'; };
  std::size_t begin = match.end - 1;
  while (begin > 0 && match.end - begin <= kTextBytesMax && part(text[begin - 1])) --begin;
  std::size_t end = match.end;
  while (end < text.size() && end - begin <= kTextBytesMax && part(text[end])) ++end;
  if (text[end - 1] == ':' && end - begin >= 2 && text[end - 2] != ':') --end;  // "at fe80::1:"
  if (end - begin > kTextBytesMax || is_alnum(before(text, begin)) || is_alnum(at(text, end)))
    return std::nullopt;
  if (!is_address(text.substr(begin, end - begin))) return std::nullopt;
  return Span{begin, end};
}

}  // namespace

Detector ipv6_detector() {
  return {"ipv6", "ip", Sensitivity::kInternal, {{R"([0-9A-Fa-f]:[0-9A-Fa-f:])"}}, find};
}

}  // namespace nearside::policy
