// Access tokens whose issuer marks them with a prefix: one row each.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

using Class = bool (*)(char);

bool upper_alnum(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }
bool dotted(char c) { return is_base64url(c) || c == '.'; }
bool path(char c) { return is_alnum(c) || c == '/'; }

struct Token {
  std::string_view prefix;  // letters, digits, - _ . and / only
  Class body;
  std::size_t body_bytes_min;
  std::size_t body_bytes_max;
};

// Source: the issuers' documentation of their formats; the lengths agree with the gitleaks rule
// index.
constexpr Token kTokens[] = {
    {"AKIA", upper_alnum, 16, 16},  // AWS access key ids
    {"ASIA", upper_alnum, 16, 16},
    {"ABIA", upper_alnum, 16, 16},
    {"ACCA", upper_alnum, 16, 16},
    {"ghp_", is_alnum, 36, 255},  // GitHub
    {"gho_", is_alnum, 36, 255},
    {"ghu_", is_alnum, 36, 255},
    {"ghs_", is_alnum, 36, 255},
    {"ghr_", is_alnum, 36, 255},
    {"github_pat_", is_base64url, 22, 255},
    {"glpat-", dotted, 20, 300},  // GitLab
    {"gldt-", is_base64url, 20, 64},
    {"glrt-", dotted, 20, 300},
    {"glptt-", is_base64url, 40, 64},
    {"xoxb-", is_base64url, 24, 255},  // Slack
    {"xoxp-", is_base64url, 24, 255},
    {"xoxa-", is_base64url, 24, 255},
    {"xoxr-", is_base64url, 24, 255},
    {"xoxe-", is_base64url, 24, 255},
    {"xoxs-", is_base64url, 24, 255},
    {"xapp-", is_base64url, 24, 255},
    {"hooks.slack.com/services/", path, 40, 80},
    {"sk_live_", is_alnum, 10, 255},  // Stripe
    {"sk_test_", is_alnum, 10, 255},
    {"rk_live_", is_alnum, 10, 255},
    {"rk_test_", is_alnum, 10, 255},
    {"whsec_", is_alnum, 24, 255},
    {"AIza", is_base64url, 35, 35},  // Google
    {"GOCSPX-", is_base64url, 28, 28},
    {"ya29.", is_base64url, 20, 2048},
    {"sk-proj-", is_base64url, 20, 255},  // OpenAI and those who copied the form
    {"sk-svcacct-", is_base64url, 20, 255},
    {"sk-admin-", is_base64url, 20, 255},
    {"sk-ant-", is_base64url, 20, 255},
    {"sk-or-", is_base64url, 20, 255},
    {"sk-", is_alnum, 32, 255},
    {"hf_", is_alnum, 34, 40},  // Hugging Face
    {"gsk_", is_alnum, 40, 64},
    {"npm_", is_alnum, 36, 36},
    {"pypi-AgE", is_base64url, 50, 1024},
    {"SG.", dotted, 60, 80},  // SendGrid
    {"dop_v1_", is_alnum, 64, 64},
    {"shpat_", is_alnum, 32, 32},
    {"shpss_", is_alnum, 32, 32},
    {"hvs.", is_base64url, 24, 255},  // HashiCorp Vault
    {"AGE-SECRET-KEY-1", upper_alnum, 58, 58},
    {"NRAK-", upper_alnum, 27, 27},
    {"PMAK-", is_base64url, 59, 59},
    {"dapi", is_hex, 32, 32},
    {"lin_api_", is_alnum, 40, 40},
};

std::optional<Span> find(const Match& match) {
  const Token& token = kTokens[match.pattern_index];
  const std::size_t begin = match.end - token.prefix.size();
  // A token begins where a word begins: also what keeps this linear on "sk-sk-sk-...".
  if (is_base64url(before(match.text, begin))) return std::nullopt;
  std::size_t end = match.end;
  while (end < match.text.size() && end - match.end <= token.body_bytes_max &&
         token.body(match.text[end]))
    ++end;
  const std::string_view body = match.text.substr(match.end, end - match.end);
  if (body.size() < token.body_bytes_min || body.size() > token.body_bytes_max) return std::nullopt;
  // "sk-xxxxxxxxxxxxxxxx" in documentation is no secret.
  constexpr double kEntropyMin = 2.0;
  if (entropy_bits(body) < kEntropyMin) return std::nullopt;
  return Span{begin, end};
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '.' || c == '/' || c == '-') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Detector token_detector() {
  Detector detector{"token", "secret", Sensitivity::kRestricted, {}, find};
  for (const Token& token : kTokens) detector.patterns.push_back({escaped(token.prefix)});
  return detector;
}

}  // namespace nearside::policy
