// Credentials and injections on data that this project did not write, where they are at hand.
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "policy/label.h"

namespace nearside::policy {
namespace {

const Labeler& labeler() {
  static const Labeler instance = *Labeler::create({});
  return instance;
}

std::string unpacked(const std::string& path) {
  FILE* pipe = ::popen(("gzip -dc " + path).c_str(), "r");
  std::string out;
  char buffer[1 << 16];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe))
    out.append(buffer, got);
  ::pclose(pipe);
  return out;
}

std::vector<base::json::object> records(std::string_view lines) {
  std::vector<base::json::object> out;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    out.push_back(base::parse_json(lines.substr(0, end))->as_object());
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return out;
}

bool has_category(std::string_view text, std::string_view category) {
  const Label label = *labeler().label(Conversation::of(text));
  return std::find(label.categories.begin(), label.categories.end(), category) !=
         label.categories.end();
}

class Samples {
 public:
  std::string of(std::string_view alphabet, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += alphabet[random_() % alphabet.size()];
    return out;
  }
  std::string hex(std::size_t count) { return of("0123456789abcdef", count); }
  std::string alnum(std::size_t count) {
    return of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", count);
  }
  std::string upper(std::size_t count) { return of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", count); }

  /// A credential in the form that the issuer's documentation gives; a rule that rests on the
  /// vendor's name is met by a configuration line.
  std::string credential(const std::string& rule, const std::string& keyword) {
    const std::map<std::string, std::string> own = {
        {"1password-secret-key",
         "A3-" + upper(6) + "-" + upper(11) + "-" + upper(5) + "-" + upper(5) + "-" + upper(5)},
        {"1password-service-account-token", "ops_ey" + alnum(250)},
        {"adobe-client-secret", "p8e-" + alnum(32)},
        {"age-secret-key", "AGE-SECRET-KEY-1" + upper(58)},
        {"alibaba-access-key-id", "LTAI" + alnum(20)},
        {"anthropic-admin-api-key", "sk-ant-admin01-" + alnum(93) + "AA"},
        {"anthropic-api-key", "sk-ant-api03-" + alnum(93) + "AA"},
        {"artifactory-api-key", "AKCp" + alnum(69)},
        {"artifactory-reference-token", "cmVmd" + alnum(59)},
        {"atlassian-api-token", "ATATT3" + alnum(186)},
        {"authress-service-client-access-key",
         "sc_" + alnum(10) + ".abcd.acc-" + alnum(20) + "." + alnum(60)},
        {"aws-access-token", "AKIA" + upper(16)},
        {"aws-amazon-bedrock-api-key-long-lived", "ABSK" + alnum(120)},
        {"aws-amazon-bedrock-api-key-short-lived", "bedrock-api-key-" + alnum(100)},
        {"azure-ad-client-secret", "a1B8Q~" + alnum(32)},
        {"clickhouse-cloud-api-secret-key", "4b1d" + alnum(38)},
        {"clojars-api-token", "CLOJARS_" + alnum(60)},
        {"cloudflare-origin-ca-key", "cloudflare_ca = \"v1.0-" + hex(24) + "-" + hex(146) + "\""},
        {"cohere-api-token", "CO_API_KEY = \"" + alnum(40) + "\""},
        {"curl-auth-header",
         "curl -H \"Authorization: Bearer " + alnum(32) + "\" https://api.host/v1"},
        {"curl-auth-user", "curl -u admin:" + alnum(14) + " https://host/v1"},
        {"databricks-api-token", "dapi" + hex(32)},
        {"defined-networking-api-token", "dnkey-" + alnum(26) + "-" + alnum(52)},
        {"digitalocean-access-token", "doo_v1_" + hex(64)},
        {"digitalocean-pat", "dop_v1_" + hex(64)},
        {"digitalocean-refresh-token", "dor_v1_" + hex(64)},
        {"doppler-api-token", "dp.pt." + alnum(43)},
        {"duffel-api-token", "duffel_live_" + alnum(43)},
        {"dynatrace-api-token", "dt0c01." + upper(24) + "." + upper(64)},
        {"easypost-api-token", "EZAK" + alnum(54)},
        {"easypost-test-api-token", "EZTK" + alnum(54)},
        {"facebook-page-access-token", "EAAM" + alnum(150)},
        {"flutterwave-encryption-key", "FLWSECK_TEST-" + hex(12)},
        {"flutterwave-public-key", "FLWPUBK_TEST-" + hex(32) + "-X"},
        {"flutterwave-secret-key", "FLWSECK_TEST-" + hex(32) + "-X"},
        {"flyio-access-token", "fo1_" + alnum(43)},
        {"frameio-api-token", "fio-u-" + alnum(64)},
        {"freemius-secret-key", "'secret_key' => 'sk_" + alnum(29) + "'"},
        {"gcp-api-key", "AIza" + alnum(35)},
        {"generic-api-key", "api_key = \"" + alnum(32) + "\""},
        {"github-app-token", "ghs_" + alnum(36)},
        {"github-fine-grained-pat", "github_pat_" + alnum(82)},
        {"github-oauth", "gho_" + alnum(36)},
        {"github-pat", "ghp_" + alnum(36)},
        {"github-refresh-token", "ghr_" + alnum(36)},
        {"gitlab-cicd-job-token", "glcbt-1_" + alnum(20)},
        {"gitlab-deploy-token", "gldt-" + alnum(20)},
        {"gitlab-feature-flag-client-token", "glffct-" + alnum(20)},
        {"gitlab-feed-token", "glft-" + alnum(20)},
        {"gitlab-incoming-mail-token", "glimt-" + alnum(25)},
        {"gitlab-kubernetes-agent-token", "glagent-" + alnum(50)},
        {"gitlab-oauth-app-secret", "gloas-" + alnum(64)},
        {"gitlab-pat", "glpat-" + alnum(20)},
        {"gitlab-pat-routable", "glpat-" + alnum(27) + "." + alnum(9)},
        {"gitlab-ptt", "glptt-" + hex(40)},
        {"gitlab-rrt", "GR1348941" + alnum(20)},
        {"gitlab-runner-authentication-token", "glrt-" + alnum(20)},
        {"gitlab-runner-authentication-token-routable", "glrt-t1_" + alnum(27) + "." + alnum(9)},
        {"gitlab-scim-token", "glsoat-" + alnum(20)},
        {"gitlab-session-cookie", "_gitlab_session=" + hex(32)},
        {"gocardless-api-token", "live_" + alnum(40)},
        {"grafana-api-key", "eyJrIjoi" + alnum(90)},
        {"grafana-cloud-api-token", "glc_" + alnum(90)},
        {"grafana-service-account-token", "glsa_" + alnum(32) + "_" + hex(8)},
        {"harness-api-key", "pat." + alnum(22) + "." + hex(24) + "." + alnum(20)},
        {"hashicorp-tf-api-token", alnum(14) + ".atlasv1." + alnum(67)},
        {"hashicorp-tf-password", "administrator_login_password = \"" + alnum(14) + "1a\""},
        {"heroku-api-key", "heroku_api_key = \"" + hex(8) + "-" + hex(4) + "-" + hex(4) + "-" +
                               hex(4) + "-" + hex(12) + "\""},
        {"heroku-api-key-v2", "HRKU-AA" + alnum(58)},
        {"huggingface-access-token", "hf_" + alnum(34)},
        {"huggingface-organization-api-token", "api_org_" + alnum(34)},
        {"infracost-api-token", "ico-" + alnum(32)},
        {"intra42-client-secret", "s-s4t2ud-" + hex(64)},
        {"jwt", "eyJhbGciOiJIUzI1NiJ9.eyJ" + alnum(40) + "." + alnum(43)},
        {"jwt-base64", "ZXlK" + alnum(120)},
        {"kubernetes-secret-yaml", "kind: Secret\ndata:\n  password: " + alnum(24) + "\n"},
        {"linear-api-key", "lin_api_" + alnum(40)},
        {"lob-api-key", "live_" + hex(35)},
        {"lob-pub-api-key", "live_pub_" + hex(31)},
        {"mailchimp-api-key", "mailchimp_key = \"" + hex(32) + "-us20\""},
        {"mailgun-private-api-token", "mailgun key-" + hex(32)},
        {"mailgun-pub-key", "mailgun pubkey-" + hex(32)},
        {"mailgun-signing-key",
         "mailgun_signing = \"" + hex(32) + "-" + hex(8) + "-" + hex(8) + "\""},
        {"mapbox-api-token", "mapbox pk." + alnum(60) + "." + alnum(22)},
        {"maxmind-license-key", alnum(6) + "_" + alnum(29) + "_mmk"},
        {"microsoft-teams-webhook", "https://firm.webhook.office.com/webhookb2/" + hex(8) + "-" +
                                        hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12) + "@" +
                                        hex(36) + "/IncomingWebhook/" + hex(32) + "/" + hex(36)},
        {"new-relic-browser-api-token", "NRJS-" + hex(19)},
        {"new-relic-insert-key", "NRII-" + alnum(32)},
        {"new-relic-user-api-key", "NRAK-" + upper(27)},
        {"notion-api-token", "ntn_" + alnum(46)},
        {"npm-access-token", "npm_" + alnum(36)},
        {"nuget-config-password", "<add key=\"ClearTextPassword\" value=\"" + alnum(14) + "\" />"},
        {"octopus-deploy-api-key", "API-" + upper(26)},
        {"openai-api-key", "sk-proj-" + alnum(74) + "T3BlbkFJ" + alnum(74)},
        {"openshift-user-token", "sha256~" + alnum(43)},
        {"perplexity-api-key", "pplx-" + alnum(48)},
        {"planetscale-api-token", "pscale_tkn_" + alnum(43)},
        {"planetscale-oauth-token", "pscale_oauth_" + alnum(43)},
        {"planetscale-password", "pscale_pw_" + alnum(43)},
        {"postman-api-token", "PMAK-" + hex(24) + "-" + hex(34)},
        {"prefect-api-token", "pnu_" + alnum(36)},
        {"private-key", "-----BEGIN RSA PRIVATE KEY-----\n" + alnum(64)},
        {"pulumi-api-token", "pul-" + hex(40)},
        {"pypi-upload-token", "pypi-AgEIcHlwaS5vcmc" + alnum(80)},
        {"readme-api-token", "rdme_" + alnum(70)},
        {"rubygems-api-token", "rubygems_" + hex(48)},
        {"scalingo-api-token", "tk-us-" + alnum(48)},
        {"sendgrid-api-token", "SG." + alnum(22) + "." + alnum(43)},
        {"sendinblue-api-token", "xkeysib-" + hex(64) + "-" + alnum(16)},
        {"sentry-org-token", "sntrys_eyJpYXQiO" + alnum(90)},
        {"sentry-user-token", "sntryu_" + hex(64)},
        {"settlemint-application-access-token", "sm_aat_" + alnum(16)},
        {"settlemint-personal-access-token", "sm_pat_" + alnum(16)},
        {"settlemint-service-access-token", "sm_sat_" + alnum(16)},
        {"shippo-api-token", "shippo_live_" + hex(40)},
        {"shopify-access-token", "shpat_" + hex(32)},
        {"shopify-custom-access-token", "shpca_" + hex(32)},
        {"shopify-private-app-access-token", "shppa_" + hex(32)},
        {"shopify-shared-secret", "shpss_" + hex(32)},
        {"sidekiq-secret",
         "BUNDLE_ENTERPRISE__CONTRIBSYS__COM=" + std::string("ca1e5fd2:9b07e3a4")},
        {"sidekiq-sensitive-url", "https://ca1e5fd2:9b07e3a4@gems.contribsys.com/"},
        {"slack-app-token", "xapp-1-A" + upper(10) + "-1234567890-" + hex(64)},
        {"slack-bot-token", "xoxb-123456789012-123456789012-" + alnum(24)},
        {"slack-config-access-token", "xoxe.xoxp-1-" + alnum(163)},
        {"slack-config-refresh-token", "xoxe-1-" + alnum(146)},
        {"slack-legacy-bot-token", "xoxb-123456789012-" + alnum(24)},
        {"slack-legacy-token", "xoxs-1234567890-1234567890-1234567890-" + hex(32)},
        {"slack-legacy-workspace-token", "xoxa-2-" + alnum(40)},
        {"slack-user-token", "xoxp-123456789012-123456789012-123456789012-" + hex(32)},
        {"slack-webhook-url",
         "https://hooks.slack.com/services/T" + upper(8) + "/B" + upper(8) + "/" + alnum(24)},
        {"sourcegraph-access-token", "sgp_" + hex(40)},
        {"square-access-token", "sq0atp-" + alnum(22)},
        {"stripe-access-token", "sk_live_" + alnum(24)},
        {"telegram-bot-api-token", "telegram = 123456789:A" + alnum(34)},
        {"twilio-api-key", "SK" + hex(32)},
        {"typeform-api-token", "tfp_" + alnum(59)},
        {"vault-batch-token", "hvb." + alnum(150)},
        {"vault-service-token", "hvs." + alnum(95)},
    };
    const auto found = own.find(rule);
    if (found != own.end()) return found->second;
    return keyword + "_api_secret = \"" + hex(36) + "\"";
  }

 private:
  std::mt19937 random_{7};
};

TEST(SecretData, EveryRuleOfTheGitleaksIndexIsCovered) {
  const std::string path = "../shared/data/secrets-corpus/gitleaks_rule_index.jsonl";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  // A PKCS #12 file is bytes, never text of a conversation.
  const std::set<std::string> binary = {"pkcs12-file"};
  Samples samples;
  int rules = 0, covered = 0;
  for (const auto& record : records(*base::read_file(path))) {
    const std::string rule(record.at("id").as_string());
    if (binary.contains(rule)) continue;
    const auto& keywords = record.at("keywords").as_array();
    const std::string text = samples.credential(rule, std::string(keywords.front().as_string()));
    ++rules;
    const bool found = has_category("here it is:\n" + text + "\n", "secret");
    covered += found ? 1 : 0;
    EXPECT_TRUE(found) << rule << ": " << text;
  }
  std::printf("gitleaks rules covered: %d of %d\n", covered, rules);
}

TEST(SecretData, FindsFilesWithCredentials) {
  const std::string path = "../shared/data/secrets-corpus/files.jsonl.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  int right = 0, wrong = 0, missed = 0;
  for (const auto& record : records(unpacked(path))) {
    const bool secret = record.at("label").as_int64() == 1;
    const bool found = has_category(record.at("content").as_string(), "secret");
    right += secret && found;
    wrong += !secret && found;
    missed += secret && !found;
    if (::getenv("SHOW") && secret != found)
      std::printf("%s %s %s\n", found ? "alarm " : "missed",
                  record.at("category").as_string().c_str(), record.at("path").as_string().c_str());
  }
  const double f1 = 2.0 * right / (2.0 * right + wrong + missed);
  std::printf("files with credentials: F1 %.3f (%d found, %d missed, %d false alarms)\n", f1, right,
              missed, wrong);
  EXPECT_GE(f1, 0.6);
}

TEST(InjectionData, AttacksAreFoundAndHonestTriggerWordsAreNot) {
  const std::string path = "../shared/data/prompt-injection/prompts.jsonl.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  std::map<std::string, std::pair<int, int>> by_source;  // found, all
  for (const auto& record : records(unpacked(path))) {
    const std::string source = std::string(record.at("source").as_string()) +
                               (record.at("label").as_int64() == 1 ? " attack" : " honest");
    auto& [found, all] = by_source[source];
    ++all;
    found += has_category(record.at("text").as_string(), "prompt_injection");
  }
  int over = 0, honest = 0;
  for (const auto& [source, counts] : by_source) {
    std::printf("%-44s %d of %d\n", source.c_str(), counts.first, counts.second);
    if (!source.starts_with("NotInject")) continue;
    over += counts.first;
    honest += counts.second;
  }
  EXPECT_LE(over, honest / 20);
  const auto& wild = by_source["inthewild_jailbreak attack"];
  EXPECT_GE(wild.first * 10, wild.second * 6);
}

}  // namespace
}  // namespace nearside::policy
