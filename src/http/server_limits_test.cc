// The bounds of the server, each at the bound and one past it.
#include <gtest/gtest.h>

#include "http/raw_socket_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "http/server.h"

namespace nearside::http {
namespace {

using std::chrono::milliseconds;

void ok(Request, std::unique_ptr<Responder> responder) { responder->send({200, {}, "ok"}); }

std::string post(std::size_t body_bytes) {
  return "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: " +
         std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'x');
}

TEST(HttpServerLimits, TakesABodyAtTheBoundAndRefusesOnePastIt) {
  ServerOptions options;
  options.body_bytes_max = 1000;
  ScriptedServer server(ok, options);
  RawSocket at(server.port());
  at.send(post(1000));
  EXPECT_TRUE(at.receive_all().starts_with("HTTP/1.1 200 "));
  RawSocket past(server.port());
  past.send(post(1001));
  EXPECT_TRUE(past.receive_all().starts_with("HTTP/1.1 413 "));
}

TEST(HttpServerLimits, RefusesAChunkedBodyPastTheBound) {
  ServerOptions options;
  options.body_bytes_max = 1000;
  ScriptedServer server(ok, options);
  RawSocket client(server.port());
  client.send("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
  for (int i = 0; i < 11; ++i) client.send("64\r\n" + std::string(100, 'x') + "\r\n");
  EXPECT_TRUE(client.receive_all().starts_with("HTTP/1.1 413 "));
}

TEST(HttpServerLimits, TheRefusalArrivesAlthoughTheClientKeepsSending) {
  ServerOptions options;
  options.body_bytes_max = 1000;
  ScriptedServer server(ok, options);
  RawSocket client(server.port());
  client.send(post(4U << 20));
  EXPECT_TRUE(client.receive_all().starts_with("HTTP/1.1 413 "));
}

TEST(HttpServerLimits, TakesHeadersAtTheBoundAndRefusesOnePastIt) {
  ServerOptions options;
  options.header_bytes_max = 512;
  ScriptedServer server(ok, options);
  const auto request = [](std::size_t bytes) {
    const std::string start = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-long: ";
    return start + std::string(bytes - start.size() - 4, 'a') + "\r\n\r\n";
  };
  RawSocket at(server.port());
  at.send(request(500));
  EXPECT_TRUE(at.receive_all().starts_with("HTTP/1.1 200 "));
  RawSocket past(server.port());
  past.send(request(600));
  EXPECT_TRUE(past.receive_all().starts_with("HTTP/1.1 431 "));
  RawSocket endless(server.port());
  endless.send("GET / HTTP/1.1\r\nx-long: " + std::string(100'000, 'a'));
  EXPECT_TRUE(endless.receive_all().starts_with("HTTP/1.1 431 "));
}

TEST(HttpServerLimits, TurnsAwayAConnectionPastTheBound) {
  ServerOptions options;
  options.connections_max = 1;
  ScriptedServer server(ok, options);
  RawSocket first(server.port());
  first.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_TRUE(first.receive_until("ok").starts_with("HTTP/1.1 200 "));
  RawSocket second(server.port());
  EXPECT_TRUE(second.receive_all().starts_with("HTTP/1.1 503 "));
}

TEST(HttpServerLimits, TellsASlowSenderOfHeadersToHurryUp) {
  ServerOptions options;
  options.header_timeout = milliseconds(40);
  ScriptedServer server(ok, options);
  RawSocket client(server.port());
  client.send("GET / HTTP/1.1\r\nhost:");
  EXPECT_TRUE(client.receive_all().starts_with("HTTP/1.1 408 "));
}

TEST(HttpServerLimits, DripFeedingDoesNotExtendTheHeaderDeadline) {
  ServerOptions options;
  options.header_timeout = milliseconds(60);
  ScriptedServer server(ok, options);
  RawSocket client(server.port());
  client.send("GET / HTTP/1.1\r\n");
  std::atomic<bool> over{false};
  std::thread drip([&] {
    while (!over && client.send("a: b\r\n")) std::this_thread::sleep_for(milliseconds(5));
  });
  const std::string reply = client.receive_until("\r\n\r\n");
  over = true;
  drip.join();
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 408 ")) << reply;
}

TEST(HttpServerLimits, TellsASlowSenderOfABodyToHurryUp) {
  ServerOptions options;
  options.body_timeout = milliseconds(40);
  ScriptedServer server(ok, options);
  RawSocket client(server.port());
  client.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc");
  EXPECT_TRUE(client.receive_all().starts_with("HTTP/1.1 408 "));
}

TEST(HttpServerLimits, ClosesAnIdleConnectionWithoutAWord) {
  ServerOptions options;
  options.idle_timeout = milliseconds(40);
  ScriptedServer server(ok, options);
  RawSocket silent(server.port());
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_FALSE(silent.timed_out());
  RawSocket served(server.port());
  served.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_TRUE(served.receive_all().ends_with("ok"));
  EXPECT_FALSE(served.timed_out());
}

TEST(HttpServerLimits, RefusalsHaveTheShapeTheHandlerGivesThem) {
  class Shaped final : public Handler {
   public:
    void handle(Request, std::unique_ptr<Responder>) override {}
    Response refusal(int status, std::string_view sentence, std::string_view path) override {
      return {status,
              {{"content-type", "application/json"}},
              "{\"error\":\"" + std::string(sentence) + "\",\"at\":\"" + std::string(path) + "\"}"};
    }
  };
  Shaped handler;
  base::Logger log(base::Level::kOff);
  ServerOptions options;
  options.body_bytes_max = 10;
  const auto server = std::move(Server::start(options, handler, log)).value();
  RawSocket client(server->port());
  client.send("nonsense\r\n\r\n");
  EXPECT_NE(client.receive_all().find("{\"error\":\"this is not"), std::string::npos);
  for (const char* framing :
       {"content-length: 11\r\n\r\n", "transfer-encoding: chunked\r\n\r\nb\r\n"}) {
    RawSocket large(server->port());
    large.send("POST /some/path?x HTTP/1.1\r\nhost: x\r\n" + std::string(framing) + "12345678901");
    EXPECT_NE(large.receive_all().find("\"at\":\"/some/path\""), std::string::npos) << framing;
  }
}

}  // namespace
}  // namespace nearside::http
