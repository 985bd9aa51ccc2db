// Hashed passwords as systems store them: who has the hash can guess at leisure.
#include <array>
#include <bit>
#include <cstdint>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

// The shortest: {SHA} and 28 characters; $1$, salt, 22.
constexpr std::size_t kBytesMin = 26;

bool in_hash(char c) {
  switch (c) {
    case '.':
    case '/':
    case '$':
    case '+':
    case '=':
    case ',':
    case '-':
    case '_':
      return true;
    default:
      return is_alnum(c);
  }
}

/// Whether the beginning has as many different characters as any hash: a page of `$2a$$2a$` must
/// not be read to the bound at each of them.
bool begins_like_a_hash(std::string_view text) {
  constexpr int kDifferentMin = 9;  // fewer than 2^3.2, the entropy that is wanted below
  std::array<std::uint64_t, 2> seen{};
  for (const char c : text.substr(0, kBytesMin)) {
    const auto byte = static_cast<unsigned char>(c) & 0x7FU;
    seen[byte >> 6U] |= std::uint64_t{1} << (byte & 63U);
  }
  return std::popcount(seen[0]) + std::popcount(seen[1]) >= kDifferentMin;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = match.begin;
  if (is_alnum(before(text, begin)) || !begins_like_a_hash(text.substr(begin))) return std::nullopt;
  std::size_t end = match.end;
  constexpr std::size_t kBytesMax = 400;  // argon2 with a long salt
  while (end < text.size() && end - begin < kBytesMax && in_hash(text[end])) ++end;
  if (end - begin < kBytesMin) return std::nullopt;
  constexpr double kEntropyMin = 3.2;
  return entropy_bits(text.substr(begin, end - begin)) < kEntropyMin
             ? std::nullopt
             : std::optional(Span{begin, end});
}

}  // namespace

Detector password_hash_detector() {
  return {
      "password_hash",
      "secret",
      Sensitivity::kRestricted,
      {{R"(\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|sha1|pbkdf2[a-z0-9\-]{0,10}|argon2(?:id|i|d)|scrypt)\$[A-Za-z0-9./=,$])",
        false, true},
       {R"(\{(?:SSHA|SHA|SSHA256|SHA256|SSHA512|SHA512|MD5|SMD5|CRYPT)\}[A-Za-z0-9./$])", true,
        true}},
      find};
}

}  // namespace nearside::policy
