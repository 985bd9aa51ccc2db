// Hashed passwords as systems store them: who has the hash can guess at leisure.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

bool in_hash(char c) {
  return is_alnum(c) || std::string_view("./$+=,-_").find(c) != std::string_view::npos;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = match.begin;
  std::size_t end = match.end;
  constexpr std::size_t kBytesMax = 400;  // argon2 with a long salt
  while (end < text.size() && end - begin < kBytesMax && in_hash(text[end])) ++end;
  // The shortest: {SHA} and 28 characters; $1$, salt, 22.
  constexpr std::size_t kBytesMin = 26;
  if (end - begin < kBytesMin || is_alnum(before(text, begin))) return std::nullopt;
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
