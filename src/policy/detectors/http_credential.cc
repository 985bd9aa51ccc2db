// Credentials in requests and in files that hold nothing else: Authorization headers, curl's -u,
// .netrc, registries' "auth", XML elements named password.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kValueBytesMax = 4096;

bool ends_value(char c) {
  return static_cast<unsigned char>(c) <= ' ' ||
         std::string_view("\"'`<>;,").find(c) != std::string_view::npos;
}

bool is_placeholder(std::string_view value) {
  for (const std::string_view word :
       {"$", "{", "<", "xxx", "XXX", "...", "***", "your", "YOUR", "example", "EXAMPLE", "token",
        "TOKEN", "placeholder", "changeme", "redacted", "REDACTED"})
    if (value.find(word) != std::string_view::npos) return true;
  return false;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = match.end - 1;
  std::size_t end = begin;
  while (end < text.size() && end - begin < kValueBytesMax && !ends_value(text[end])) ++end;
  const std::string_view value = text.substr(begin, end - begin);
  struct Bound {
    std::size_t bytes_min;
    double entropy_min;
  };
  // Of the patterns below.
  constexpr Bound kBounds[] = {{12, 2.75}, {5, 2}, {4, 1.5}, {12, 3}, {5, 1.5}, {5, 1.5}};
  const Bound& bound = kBounds[match.pattern_index];
  if (value.size() < bound.bytes_min || is_placeholder(value) ||
      entropy_bits(value) < bound.entropy_min)
    return std::nullopt;
  if (match.pattern_index == 1 && value.find(':') == std::string_view::npos) return std::nullopt;
  return Span{begin, end};
}

}  // namespace

Detector http_credential_detector() {
  return {
      "http_credential",
      "secret",
      Sensitivity::kRestricted,
      {{R"(authorization["']?\s{0,2}[:=]\s{0,2}["']?(?:bearer|basic|token|apikey|digest)\s{1,2}[^\s"'])",
        true},
       {R"(\bcurl\b[^\n]{0,200}\s(?:-u|--user)[ =]{0,2}["']?[^\s"'])", true},
       {R"(\b(?:machine|default)\b[^\n]{0,100}\bpassword\s{1,2}[^\s])", true},
       {R"re("(?:auth|_auth|identitytoken|_authtoken|registrytoken)"\s{0,3}:\s{0,3}"[a-z0-9])re",
        true},
       {R"(<(?:password|passphrase|privatekeypassword|secret)>[^<\s])", true},
       {R"(key=["'](?:cleartextpassword|password|apikey)["']\s{1,3}value=["'][^"'\s])", true}},
      find};
}

}  // namespace nearside::policy
