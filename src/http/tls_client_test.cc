// The client's side of TLS: whom it believes, and what it says when it does not.
#include <gtest/gtest.h>

#include "http/call_for_test.h"
#include "http/certificates_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "http/tls.h"

namespace nearside::http {
namespace {

class TlsClientTest : public testing::Test {
 protected:
  /// A server with a certificate like `wanted`; what a call to it ends with.
  Called call_server(const CertificateWanted& wanted, ClientTls trusts) {
    pair_ = authority_.issue("server", wanted);
    ServerOptions options;
    options.tls = Tls::open({pair_.certificate_file, pair_.key_file}).value();
    ScriptedServer server(
        [](const Request&, std::unique_ptr<Responder> responder) {
          responder->send({200, {}, "hello"});
        },
        options);
    if (trusts.pinned_key == "own") trusts.pinned_key = pair_.pin;
    const auto client = Client::create();
    return call(*client, {.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/",
                          .tls = std::move(trusts)});
  }
  static void expect_refusal(const Called& called, std::string_view says) {
    ASSERT_FALSE(called.outcome);
    EXPECT_EQ(called.outcome.error().code, base::Code::kUnavailable);
    EXPECT_NE(called.outcome.error().message.find(says), std::string::npos)
        << called.outcome.error().message;
    EXPECT_EQ(called.status, 0);
  }

  AuthorityForTest authority_;
  PemPair pair_;
};

TEST_F(TlsClientTest, BelievesAnAuthorityThatItWasTold) {
  const Called called = call_server({}, {.ca_file = authority_.file()});
  ASSERT_TRUE(called.outcome) << called.outcome.error().message;
  EXPECT_EQ(called.body, "hello");
}

TEST_F(TlsClientTest, RefusesAnUnknownAuthority) {
  expect_refusal(call_server({}, {}), "could not be verified");
  AuthorityForTest other("somebody else");
  expect_refusal(call_server({}, {.ca_file = other.file(), .ca_only = true}),
                 "could not be verified");
}

TEST_F(TlsClientTest, RefusesAnotherHostsCertificate) {
  expect_refusal(call_server({.alternatives = "DNS:other.example"}, {.ca_file = authority_.file()}),
                 "127.0.0.1");
}

TEST_F(TlsClientTest, BelievesThePinnedKeyOnly) {
  EXPECT_TRUE(call_server({}, {.ca_file = authority_.file(), .ca_only = true, .pinned_key = "own"})
                  .outcome);
  // Certified by the same authority, and still not the one.
  const PemPair other = authority_.issue("other");
  expect_refusal(call_server({}, {.ca_file = authority_.file(), .pinned_key = other.pin}),
                 "not the pinned one");
}

TEST_F(TlsClientTest, SaysThatItsOwnCertificateCannotBeUsed) {
  expect_refusal(call_server({}, {.ca_file = authority_.file(),
                                  .certificate_file = authority_.folder() + "/missing.pem",
                                  .key_file = authority_.folder() + "/missing.key"}),
                 "missing.pem");
}

TEST_F(TlsClientTest, SaysThatTheAuthoritiesCannotBeUsed) {
  expect_refusal(call_server({}, {.ca_file = authority_.folder() + "/missing.pem"}), "missing.pem");
}

TEST_F(TlsClientTest, SaysThatAPortSpeaksNoTls) {
  ScriptedServer plain([](const Request&, std::unique_ptr<Responder> responder) {
    responder->send({200, {}, "hello"});
  });
  const auto client = Client::create();
  expect_refusal(call(*client, {.url = "https://127.0.0.1:" + std::to_string(plain.port()) + "/"}),
                 "could not be verified");
}

}  // namespace
}  // namespace nearside::http
