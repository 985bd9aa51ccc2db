// Who may do what: scopes of keys, keys that are being replaced, clients with certificates, and
// what the audit log hears of it.
#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"
#include "gateway/config.h"
#include "gateway/node_for_test.h"
#include "http/call_for_test.h"
#include "http/certificates_for_test.h"
#include "trust/audit_log.h"
#include "trust/sha256.h"

namespace nearside::gateway {
namespace {

using policy::Place;

KeyConfig key(const std::string& name, std::string_view secret, std::initializer_list<Scope> may) {
  KeyConfig made;
  made.name = name;
  made.sha256 = trust::sha256(secret);
  made.scopes = 0;
  for (const Scope scope : may)
    made.scopes = static_cast<std::uint8_t>(made.scopes | static_cast<std::uint8_t>(scope));
  return made;
}

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    node_.add("device/a", Place::kDevice, says({"hi"}, finished()));
    node_.config.auth.keys = {key("app", "app-key", {Scope::kInfer}),
                              key("scraper", "scraper-key", {Scope::kMetrics}),
                              key("operator", "operator-key", {Scope::kAdmin})};
  }
  static http::Headers bearer(const std::string& secret) {
    return {{"authorization", "Bearer " + secret}};
  }
  int status(std::string_view method, std::string_view path, const std::string& secret) {
    return node_
        .request(method, path, method == "POST" ? kHello : std::string_view(),
                 secret.empty() ? http::Headers{} : bearer(secret))
        .status;
  }

  NodeForTest node_;
};

TEST_F(AccessTest, AKeyDoesWhatItsScopesSayAndNothingElse) {
  int reloads = 0;
  node_.ask_for_reload = [&reloads] { ++reloads; };
  node_.start();
  const struct {
    const char* method;
    const char* path;
    int app, scraper, op;
  } table[] = {{"POST", "/v1/chat/completions", 200, 403, 403},
               {"GET", "/v1/models", 200, 403, 403},
               {"POST", "/v1/route/explain", 200, 403, 403},
               {"GET", "/api/tags", 200, 403, 403},
               {"GET", "/metrics", 403, 200, 403},
               {"POST", "/admin/reload", 403, 403, 202},
               {"GET", "/admin/audit/head", 403, 403, 404}};
  for (const auto& row : table) {
    EXPECT_EQ(status(row.method, row.path, "app-key"), row.app) << row.path;
    EXPECT_EQ(status(row.method, row.path, "scraper-key"), row.scraper) << row.path;
    EXPECT_EQ(status(row.method, row.path, "operator-key"), row.op) << row.path;
    EXPECT_EQ(status(row.method, row.path, ""), 401) << row.path;
    EXPECT_EQ(status(row.method, row.path, "guessed"), 401) << row.path;
  }
  EXPECT_EQ(reloads, 1);
  EXPECT_EQ(status("GET", "/healthz", ""), 200);
  EXPECT_EQ(status("GET", "/readyz", ""), 200);
}

TEST_F(AccessTest, ALackingScopeIsNamed) {
  node_.start();
  const Reply reply = node_.chat(kHello, bearer("scraper-key"));
  EXPECT_EQ(reply.error_code(), "scope_missing");
  EXPECT_NE(reply.body.find("'infer'"), std::string::npos) << reply.body;
}

TEST_F(AccessTest, BothKeysAreGoodWhileOneIsReplaced) {
  node_.config.auth.keys[0].sha256_next = trust::sha256("new-app-key");
  node_.start();
  EXPECT_EQ(status("GET", "/v1/models", "app-key"), 200);
  EXPECT_EQ(status("GET", "/v1/models", "new-app-key"), 200);
}

TEST_F(AccessTest, AReloadTakesAKeyAway) {
  node_.start();
  EXPECT_EQ(status("GET", "/v1/models", "app-key"), 200);
  Config changed = node_.config;
  changed.auth.keys[0].sha256 = trust::sha256("new-app-key");
  auto labeler = std::move(policy::Labeler::create(changed.labels)).value();
  node_.gateway().replace(
      std::make_shared<const Snapshot>(changed, std::move(labeler), node_.reach()));
  EXPECT_EQ(status("GET", "/v1/models", "app-key"), 401);
  EXPECT_EQ(status("GET", "/v1/models", "new-app-key"), 200);
}

TEST_F(AccessTest, ACertificateIsAsGoodAsAKeyWhereItsNameIsConfigured) {
  KeyConfig press;
  press.name = "press";
  press.client_name = "CN=press-7";
  node_.config.auth.keys = {press};
  http::AuthorityForTest authority;
  const http::PemPair server = authority.issue("server");
  const http::PemPair known = authority.issue("known", {.name = "press-7", .alternatives = ""});
  const http::PemPair other = authority.issue("other", {.name = "press-8", .alternatives = ""});
  http::ServerOptions options;
  options.tls =
      http::Tls::open({server.certificate_file, server.key_file, authority.file()}).value();
  node_.start(options);
  const auto client = http::Client::create();
  const auto status_of = [&](const http::PemPair& pair, http::Headers headers) {
    return http::call(*client,
                      {.url = "https://127.0.0.1:" + std::to_string(node_.port()) + "/v1/models",
                       .headers = std::move(headers),
                       .tls = {.ca_file = authority.file(),
                               .certificate_file = pair.certificate_file,
                               .key_file = pair.key_file}})
        .status;
  };
  EXPECT_EQ(status_of(known, {}), 200);
  EXPECT_EQ(status_of(other, {}), 401);
  // Who shows a key is judged by the key.
  EXPECT_EQ(status_of(known, bearer("guessed")), 401);
}

TEST_F(AccessTest, TheAuditLogHearsOfRefusalsAndNeverOfKeys) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("nearside_access_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const trust::PrivateKey signer = trust::PrivateKey::generate(trust::KeyKind::kEd25519);
  ASSERT_TRUE(base::write_file_atomic((folder / "audit.key").string(), signer.pem()));
  const base::SystemClock clock;
  base::Logger log(base::Level::kOff);
  auto audit = telemetry::Audit::open({.file = (folder / "audit.log").string(),
                                       .key_file = (folder / "audit.key").string()},
                                      clock, log)
                   .value();
  node_.audit = audit.get();
  node_.start();
  status("POST", "/v1/chat/completions", "planted-wrong-key");
  status("GET", "/metrics", "app-key");
  node_.chat(kHello, {{"authorization", "Bearer app-key"}, {"x-nearside-max-cost-usd", "0"}});
  EXPECT_EQ(status("GET", "/admin/audit/head", "operator-key"), 200);
  node_.stop();
  audit.reset();
  const std::string text = base::read_file((folder / "audit.log").string()).value();
  const auto report = trust::verify_audit_log(text, signer.public_key(), {});
  EXPECT_TRUE(report.findings.empty());
  EXPECT_GE(report.head.entries, 2U);
  EXPECT_NE(text.find("not known here"), std::string::npos) << text;
  EXPECT_NE(text.find("'metrics'"), std::string::npos) << text;
  EXPECT_EQ(text.find("planted"), std::string::npos) << text;
  EXPECT_EQ(text.find("app-key"), std::string::npos) << text;
  std::filesystem::remove_all(folder);
}

base::Result<Config> parse(const std::string& text) { return parse_config(text, "node.yaml"); }

TEST(AccessConfig, ReadsScopesAndSaysWhatIsWrongWithThem) {
  const std::string hash(64, 'a');
  const auto config =
      parse("auth:\n  keys:\n    - {name: a, hash: " + hash +
            ", scopes: [metrics, admin]}\n    - {name: b, hash: " + std::string(64, 'b') + "}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->auth.keys[0].may(Scope::kInfer));
  EXPECT_TRUE(config->auth.keys[0].may(Scope::kMetrics));
  EXPECT_TRUE(config->auth.keys[0].may(Scope::kAdmin));
  EXPECT_TRUE(config->auth.keys[1].may(Scope::kInfer));
  EXPECT_FALSE(config->auth.keys[1].may(Scope::kMetrics));
  const std::pair<std::string, const char*> wrong[] = {
      {"scopes: [root]", "infer, metrics or admin"},
      {"scopes: []", "good for nothing"},
      {"hash_next: 12", "no SHA-256"},
      {"hash_next: " + hash, "the same key"},
      {"client_name: CN=x", "tls.client_ca_file"},
  };
  for (const auto& [field, says] : wrong) {
    const auto refused =
        parse("auth:\n  keys:\n    - {name: o, hash: " + hash +
              "}\n    - {name: a, hash: " + std::string(64, 'c') + ", " + field + "}\n");
    ASSERT_FALSE(refused) << field;
    EXPECT_NE(refused.error().message.find(says), std::string::npos) << refused.error().message;
  }
}

TEST(AccessConfig, ReadsTlsAndAuditAndSaysWhatIsWrongWithThem) {
  const auto config = parse(
      "tls: {certificate_file: a.pem, key_file: /b.key, client_ca_file: c.pem, "
      "client_certificate: optional}\naudit: {file: audit.log, key_file: audit.key}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->tls->certificate_file, "a.pem");
  EXPECT_EQ(config->tls->key_file, "/b.key");
  EXPECT_FALSE(config->tls->client_certificate_required);
  EXPECT_EQ(config->audit.key_file, "audit.key");
  EXPECT_EQ(config->digest.size(), 64U);
  const std::pair<const char*, const char*> wrong[] = {
      {"tls: {certificate_file: a.pem}", "key_file"},
      {"tls: {certificate_file: a, key_file: b, client_certificate: optional}", "does nothing"},
      {"tls: {certificate_file: a, key_file: b, client_ca_file: c, client_certificate: maybe}",
       "required or optional"},
      {"audit: {file: a}", "key_file"},
  };
  for (const auto& [text, says] : wrong) {
    const auto refused = parse(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_NE(refused.error().message.find(says), std::string::npos) << refused.error().message;
  }
}

TEST(AccessConfig, SaysWhatIsWrongWithAnUpstreamsTls) {
  const std::string pin = "sha256//" + std::string(43, 'A') + "=";
  const std::pair<std::string, const char*> wrong[] = {
      {"url: \"https://h/v1\", ca_only: true", "believe nobody"},
      {"url: \"https://h/v1\", certificate_file: c.pem", "together"},
      {"url: \"https://h/v1\", pinned_key: abc", "sha256//"},
      {"url: \"http://h/v1\", pinned_key: \"" + pin + "\"", "https://"},
      {"url: \"http://h/v1\", ca_file: c.pem", "https://"},
  };
  const auto text = [](const std::string& fields) {
    return "targets:\n  - {name: onprem/a, place: onprem, upstream: {model: m, " + fields +
           "}}\nroutes:\n  - {name: r, targets: [onprem/a]}\n";
  };
  for (const auto& [fields, says] : wrong) {
    const auto refused = parse(text(fields));
    ASSERT_FALSE(refused) << fields;
    EXPECT_NE(refused.error().message.find(says), std::string::npos) << refused.error().message;
  }
  const auto good =
      parse(text("url: \"https://h/v1\", ca_file: c.pem, ca_only: true, pinned_key: \"" + pin +
                 ";" + pin + "\""));
  EXPECT_TRUE(good) << good.error().message;
}

}  // namespace
}  // namespace nearside::gateway
