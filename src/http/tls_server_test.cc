// The server's side of TLS, met by a client over real sockets: who is let in, what others are told,
// and what happens when certificates change.
#include <filesystem>
#include <latch>

#include <gtest/gtest.h>

#include "http/call_for_test.h"
#include "http/certificates_for_test.h"
#include "http/raw_socket_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "http/tls.h"

namespace nearside::http {
namespace {

ServerOptions with(const std::shared_ptr<Tls>& tls) {
  ServerOptions options;
  options.tls = tls;
  return options;
}

/// Tells who calls.
void name_caller(const Request& request, std::unique_ptr<Responder> responder) {
  responder->send({200, {}, "you are " + request.client_name});
}

class TlsServerTest : public testing::Test {
 protected:
  ClientRequest request(const ScriptedServer& server) const {
    return {.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/",
            .tls = {.ca_file = authority_.file(), .ca_only = true}};
  }
  std::shared_ptr<Tls> open(bool ask_clients = false, bool required = true) {
    pair_ = authority_.issue("server");
    return Tls::open({pair_.certificate_file, pair_.key_file,
                      ask_clients ? authority_.file() : std::string(), required})
        .value();
  }

  AuthorityForTest authority_;
  PemPair pair_;
};

TEST_F(TlsServerTest, ServesSeveralRequestsOfOneConnection) {
  ScriptedServer server(name_caller, with(open()));
  const auto client = Client::create();
  for (int i = 0; i < 3; ++i) {
    const Called called = call(*client, request(server));
    ASSERT_TRUE(called.outcome) << called.outcome.error().message;
    EXPECT_EQ(called.body, "you are ");
  }
}

TEST_F(TlsServerTest, StreamsAndTakesLargeBodies) {
  ScriptedServer server(
      [](const Request& got, std::unique_ptr<Responder> responder) {
        responder->begin(200, {});
        for (std::size_t at = 0; at < got.body.size(); at += 10'000)
          responder->write(got.body.substr(at, 10'000));
        responder->finish();
      },
      with(open()));
  const auto client = Client::create();
  ClientRequest large = request(server);
  large.method = "POST";
  large.body = std::string(300'000, 'x');
  const Called called = call(*client, large);
  ASSERT_TRUE(called.outcome) << called.outcome.error().message;
  EXPECT_EQ(called.body, large.body);
}

TEST_F(TlsServerTest, HearsThatAClientHasGone) {
  std::latch gone(1);
  KeptResponder kept;
  ScriptedServer server(
      [&](const Request&, std::unique_ptr<Responder> responder) {
        responder->begin(200, {});
        responder->write("first");
        responder->on_gone([&gone] { gone.count_down(); });
        kept.keep(std::move(responder));
      },
      with(open()));
  const auto client = Client::create();
  std::latch first(1);
  auto under_way = client->send(request(server), {.on_body = [&](std::string_view) {
                                  if (!first.try_wait()) first.count_down();
                                }});
  first.wait();
  under_way.reset();
  gone.wait();
  kept.drop();
}

TEST_F(TlsServerTest, TellsWhoSpeaksPlainHttpToUseHttps) {
  ScriptedServer server(name_caller, with(open()));
  RawSocket socket(server.port());
  socket.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  const std::string answer = socket.receive_all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_NE(answer.find("https://"), std::string::npos) << answer;
}

TEST_F(TlsServerTest, RefusesTls12) {
  ScriptedServer server(name_caller, with(open()));
  // A ClientHello of TLS 1.2 without the extension that would offer 1.3 (RFC 5246, 7.4.1.2).
  std::string hello("\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03", 11);
  hello += std::string(32, 'r') + std::string("\x00\x00\x02\xc0\x2f\x01\x00", 7);
  RawSocket socket(server.port());
  socket.send(hello);
  const std::string alert = socket.receive_all();
  ASSERT_GE(alert.size(), 7U);
  EXPECT_EQ(alert[0], 0x15);  // alert
  EXPECT_EQ(alert[6], 70);    // protocol_version
}

TEST_F(TlsServerTest, GarbageAndSilenceEndTheConnection) {
  ServerOptions options = with(open());
  options.header_timeout = std::chrono::milliseconds(100);
  ScriptedServer server(name_caller, options);
  RawSocket garbage(server.port());
  garbage.send("\x16garbage that is no record of any TLS");
  garbage.receive_all();
  EXPECT_FALSE(garbage.timed_out());
  RawSocket silent(server.port());
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_FALSE(silent.timed_out());
}

TEST_F(TlsServerTest, AClientCertificateGivesItsName) {
  ScriptedServer server(name_caller, with(open(true)));
  const PemPair mine = authority_.issue("client", {.name = "press-7", .alternatives = ""});
  const auto client = Client::create();
  ClientRequest wanted = request(server);
  wanted.tls.certificate_file = mine.certificate_file;
  wanted.tls.key_file = mine.key_file;
  const Called called = call(*client, wanted);
  ASSERT_TRUE(called.outcome) << called.outcome.error().message;
  EXPECT_EQ(called.body, "you are CN=press-7");
}

TEST_F(TlsServerTest, AClientWithoutOrWithAWrongCertificateIsTurnedAway) {
  ScriptedServer server(name_caller, with(open(true)));
  AuthorityForTest other("somebody else");
  const PemPair foreign = other.issue("client", {.name = "press-7", .alternatives = ""});
  const PemPair expired =
      authority_.issue("expired", {.name = "press-7", .alternatives = "", .valid_for_s = -60});
  const auto client = Client::create();
  ClientRequest wanted = request(server);
  EXPECT_FALSE(call(*client, wanted).outcome);
  for (const PemPair& pair : {foreign, expired}) {
    wanted.tls.certificate_file = pair.certificate_file;
    wanted.tls.key_file = pair.key_file;
    const Called called = call(*client, wanted);
    EXPECT_FALSE(called.outcome);
    EXPECT_EQ(called.body, "");
  }
}

TEST_F(TlsServerTest, AClientNeedNoCertificateWhereItIsOptional) {
  ScriptedServer server(name_caller, with(open(true, false)));
  const auto client = Client::create();
  const Called called = call(*client, request(server));
  ASSERT_TRUE(called.outcome) << called.outcome.error().message;
  EXPECT_EQ(called.body, "you are ");
}

TEST_F(TlsServerTest, NewConnectionsGetANewCertificate) {
  const auto tls = open();
  ScriptedServer server(name_caller, with(tls));
  const std::string old_pin = pair_.pin;
  EXPECT_FALSE(*tls->reload_if_changed());
  pair_ = authority_.issue("server", {.name = "renewed"});
  ASSERT_TRUE(*tls->reload_if_changed());
  EXPECT_TRUE(tls->description().starts_with("CN=renewed, until "));
  const auto client = Client::create();
  ClientRequest wanted = request(server);
  wanted.tls.pinned_key = pair_.pin;
  EXPECT_TRUE(call(*client, wanted).outcome);
  const auto another = Client::create();
  wanted.tls.pinned_key = old_pin;
  EXPECT_FALSE(call(*another, wanted).outcome);
}

TEST_F(TlsServerTest, ABrokenReloadKeepsWhatWorksAndIsToldOnce) {
  const auto tls = open();
  ScriptedServer server(name_caller, with(tls));
  std::ofstream(pair_.certificate_file) << "no certificate";
  const auto reloaded = tls->reload_if_changed();
  ASSERT_FALSE(reloaded);
  EXPECT_NE(reloaded.error().message.find("server.pem"), std::string::npos)
      << reloaded.error().message;
  EXPECT_FALSE(*tls->reload_if_changed());
  const auto client = Client::create();
  EXPECT_TRUE(call(*client, request(server)).outcome);
}

TEST_F(TlsServerTest, SaysWhatIsWrongWithFiles) {
  open();
  const std::string missing = authority_.folder() + "/missing.pem";
  const PemPair other = authority_.issue("other");
  const PemPair expired = authority_.issue("expired", {.valid_for_s = -60});
  const PemPair early = authority_.issue("early", {.valid_from_s = 3600, .valid_for_s = 7200});
  const struct {
    TlsFiles files;
    const char* says;
  } wrong[] = {
      {{missing, pair_.key_file}, "missing.pem"},
      {{pair_.certificate_file, missing}, "missing.pem"},
      {{pair_.key_file, pair_.key_file}, "no usable certificate"},
      {{pair_.certificate_file, pair_.certificate_file}, "no usable private key"},
      {{pair_.certificate_file, other.key_file}, "no usable private key"},
      {{expired.certificate_file, expired.key_file}, "expired on "},
      {{early.certificate_file, early.key_file}, "valid from "},
      {{pair_.certificate_file, pair_.key_file, pair_.key_file}, "no certificate of an authority"},
  };
  for (const auto& [files, says] : wrong) {
    const auto tls = Tls::open(files);
    ASSERT_FALSE(tls) << says;
    EXPECT_NE(tls.error().message.find(says), std::string::npos) << tls.error().message;
  }
}

}  // namespace
}  // namespace nearside::http
