// Access tokens whose issuer marks them with a prefix: one row each.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

using Class = bool (*)(char);

bool upper_alnum(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }
bool dotted(char c) { return is_base64url(c) || c == '.'; }
bool path(char c) { return is_alnum(c) || c == '/'; }
bool base64(char c) { return is_base64url(c) || c == '+' || c == '/' || c == '='; }
bool upper_dashed(char c) { return upper_alnum(c) || c == '-'; }
bool mapbox(char c) { return is_alnum(c) || c == '.'; }
bool underscored_hex(char c) { return is_hex(c) || c == '_'; }
bool webhook(char c) { return is_base64url(c) || c == '/' || c == '@'; }

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
    // Less common issuers, in alphabetical order. Bounds a little wider than the formats: a longer
    // token of tomorrow is a secret, too.
    {"A3-", upper_dashed, 30, 50},  // 1Password
    {"ops_", is_base64url, 60, 4096},
    {"A3T", upper_alnum, 17, 17},  // AWS, before 2018
    {"ABSK", base64, 100, 300},    // AWS Bedrock
    {"bedrock-api-key-", base64, 40, 4096},
    {"AKCp", is_alnum, 60, 80},  // JFrog
    {"cmVmd", base64, 55, 80},
    {"ATATT3", base64, 150, 220},   // Atlassian
    {"API-", upper_alnum, 26, 26},  // Octopus Deploy
    {"CLOJARS_", is_alnum, 60, 60},
    {"EAAA", is_base64url, 56, 64},  // Square
    {"EAAC", is_alnum, 80, 300},     // Facebook pages
    {"EAAM", is_alnum, 80, 300},
    {"EZAK", is_alnum, 54, 54},  // EasyPost
    {"EZTK", is_alnum, 54, 54},
    {"FLWPUBK_TEST-", is_alnum, 32, 36},  // Flutterwave
    {"FLWSECK_TEST-", is_alnum, 12, 36},
    {"FLWSECK-", is_alnum, 32, 36},
    {"GR1348941", is_base64url, 20, 20},  // GitLab
    {"HRKU-AA", is_base64url, 58, 58},    // Heroku
    {"LTAI", is_alnum, 12, 28},           // Alibaba
    {"NRII-", is_base64url, 32, 32},      // New Relic
    {"NRJS-", is_hex, 19, 19},
    {"SK", is_hex, 32, 32},      // Twilio
    {"ZXlK", base64, 40, 4096},  // a JWT, encoded once more
    {"_gitlab_session=", is_hex, 32, 32},
    {"api_org_", is_alnum, 34, 34},  // Hugging Face
    {"atlasv1.", dotted, 60, 72},    // Terraform
    {"authress_", dotted, 40, 300},
    {"ext_", dotted, 50, 300},
    {"sc_", dotted, 50, 300},
    {"scauth_", dotted, 40, 300},
    {"4b1d", is_alnum, 38, 38},           // ClickHouse
    {"dckr_pat_", is_base64url, 27, 40},  // Docker
    {"dnkey-", is_base64url, 40, 120},
    {"doo_v1_", is_alnum, 64, 64},  // DigitalOcean
    {"dor_v1_", is_alnum, 64, 64},
    {"dp.pt.", is_alnum, 40, 44},  // Doppler
    {"dt0c01.", dotted, 80, 100},  // Dynatrace
    {"duffel_live_", is_base64url, 43, 43},
    {"duffel_test_", is_base64url, 43, 43},
    {"eyJrIjoi", base64, 60, 400},  // Grafana
    {"figd_", is_base64url, 40, 60},
    {"fio-u-", is_base64url, 64, 64},  // Frame.io
    {"fm1_", base64, 80, 1024},        // Fly.io
    {"fm1a_", base64, 80, 1024},
    {"fm1r_", base64, 80, 1024},
    {"fm2_", base64, 80, 1024},
    {"fo1_", is_base64url, 43, 43},
    {"glagent-", is_base64url, 50, 64},  // GitLab
    {"glcbt-", is_base64url, 20, 64},
    {"glffct-", is_base64url, 20, 64},
    {"glft-", is_base64url, 20, 64},
    {"glimt-", is_base64url, 20, 64},
    {"gloas-", is_base64url, 64, 64},
    {"glsoat-", is_base64url, 20, 64},
    {"glc_", base64, 32, 400},  // Grafana
    {"glsa_", is_base64url, 40, 48},
    {"hvb.", is_base64url, 100, 300},  // HashiCorp Vault
    {"s.", is_alnum, 24, 24},
    {"ico-", is_alnum, 32, 32},  // Infracost
    {"key-", is_hex, 32, 32},    // Mailgun
    {"pubkey-", is_hex, 32, 32},
    {"live_", is_base64url, 35, 40},  // Lob, GoCardless
    {"test_", is_hex, 35, 35},
    {"live_pub_", is_hex, 31, 31},
    {"test_pub_", is_hex, 31, 31},
    {"ntn_", is_alnum, 44, 52},        // Notion
    {"nvapi-", is_base64url, 60, 80},  // NVIDIA
    {"p8e-", is_alnum, 32, 32},        // Adobe
    {"pat.", dotted, 60, 80},          // Harness
    {"sat.", dotted, 60, 80},
    {"pk.eyJ", dotted, 40, 200},  // Mapbox
    {"sk.eyJ", dotted, 40, 200},
    {"pk.", mapbox, 80, 90},
    {"pnu_", is_alnum, 36, 36},   // Prefect
    {"pplx-", is_alnum, 48, 48},  // Perplexity
    {"pscale_oauth_", dotted, 32, 64},
    {"pscale_pw_", dotted, 32, 64},
    {"pscale_tkn_", dotted, 32, 64},
    {"pul-", is_hex, 40, 40},  // Pulumi
    {"rdme_", is_alnum, 70, 70},
    {"rk_prod_", is_alnum, 10, 255},
    {"sk_prod_", is_alnum, 10, 255},
    {"rubygems_", is_hex, 48, 48},
    {"s-s4t2af-", is_hex, 64, 64},  // 42
    {"s-s4t2ud-", is_hex, 64, 64},
    {"sgp_", underscored_hex, 40, 80},  // Sourcegraph
    {"sha256~", is_base64url, 43, 43},  // OpenShift
    {"shippo_live_", is_hex, 40, 40},
    {"shippo_test_", is_hex, 40, 40},
    {"shpca_", is_hex, 32, 32},
    {"shppa_", is_hex, 32, 32},
    {"sl.", is_base64url, 130, 200},  // Dropbox
    {"sm_aat_", is_alnum, 16, 16},    // SettleMint
    {"sm_pat_", is_alnum, 16, 16},
    {"sm_sat_", is_alnum, 16, 16},
    {"sntrys_", base64, 60, 400},  // Sentry
    {"sntryu_", is_hex, 64, 64},
    {"sq0atp-", is_base64url, 22, 60},
    {"sq0csp-", is_base64url, 43, 60},
    {"tfp_", dotted, 59, 59},          // Typeform
    {"tk-us-", is_base64url, 48, 48},  // Scalingo
    {"webhook.office.com/webhookb2/", webhook, 60, 300},
    {"xkeysib-", is_base64url, 64, 90},  // Brevo
    {"xoxe.xoxb-", is_base64url, 24, 255},
    {"xoxe.xoxp-", is_base64url, 24, 255},
    {"xoxo-", is_base64url, 24, 255},
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
