#include "http/server.h"

#include <gtest/gtest.h>

#include "http/raw_socket_for_test.h"
#include "http/scripted_handler_for_test.h"

namespace nearside::http {
namespace {

void echo(Request request, std::unique_ptr<Responder> responder) {
  responder->send({200,
                   {{"content-type", "text/plain"}},
                   request.method + " " + request.path + "?" + request.query + " " + request.body});
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  ScriptedServer server(echo);
  RawSocket client(server.port());
  client.send("GET /a?b=1 HTTP/1.1\r\nhost: x\r\n\r\n");
  const std::string first = client.receive_until("GET /a?b=1 ");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
  EXPECT_NE(first.find("content-length: 11\r\n"), std::string::npos) << first;
  client.send("POST /c HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
  const std::string second = client.receive_all();
  EXPECT_TRUE(second.ends_with("POST /c? hello")) << second;
  EXPECT_NE(second.find("connection: close\r\n"), std::string::npos);
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  ScriptedServer server(echo);
  RawSocket client(server.port());
  client.send(
      "GET /1 HTTP/1.1\r\nhost: x\r\n\r\nPOST /2 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab"
      "GET /3 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  const std::string all = client.receive_all();
  const std::size_t one = all.find("GET /1?");
  const std::size_t two = all.find("POST /2? ab");
  const std::size_t three = all.find("GET /3?");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, std::string::npos);
}

TEST(HttpServer, ReadsAChunkedBodyAndARequestInSingleBytes) {
  ScriptedServer server(echo);
  RawSocket client(server.port());
  const std::string_view request =
      "POST /x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
      "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\ntrailer: 1\r\n\r\n";
  for (const char byte : request) client.send({&byte, 1});
  EXPECT_TRUE(client.receive_all().ends_with("POST /x? abcde"));
}

TEST(HttpServer, InvitesABodyThatWaitsForPermission) {
  ScriptedServer server(echo);
  RawSocket client(server.port());
  client.send(
      "POST /x HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n"
      "connection: close\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_TRUE(client.receive_all().ends_with("POST /x? ok"));
}

TEST(HttpServer, LeavesOutTheBodyForHead) {
  ScriptedServer server(echo);
  RawSocket client(server.port());
  client.send("HEAD /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  const std::string reply = client.receive_all();
  EXPECT_NE(reply.find("content-length: 9\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\n"));
}

TEST(HttpServer, RefusesWhatIsNotHttp) {
  const std::string_view malformed[] = {
      "\x16\x03\x01\x02\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",                        // no host
      "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",  // two hosts
      "GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      "GET / HTTP/9.9\r\nhost: a\r\n\r\n"};
  ScriptedServer server(echo);
  for (const std::string_view request : malformed) {
    RawSocket client(server.port());
    client.send(request);
    const std::string reply = client.receive_all();
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 400 ")) << request << "\n-> " << reply;
  }
}

TEST(HttpServer, NeverLetsAHeaderValueBecomeAnotherHeader) {
  ScriptedServer server([](Request, std::unique_ptr<Responder> responder) {
    responder->send({200, {{"x-note", "a\r\nset-cookie: b"}}, ""});
  });
  RawSocket client(server.port());
  client.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  EXPECT_NE(client.receive_all().find("x-note: a  set-cookie: b\r\n"), std::string::npos);
}

TEST(HttpServer, AnswersForAHandlerThatForgets) {
  ScriptedServer server([](Request, std::unique_ptr<Responder>) {});
  RawSocket client(server.port());
  client.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(client.receive_all().starts_with("HTTP/1.1 500 "));
}

TEST(HttpServer, NamesABusyPort) {
  ScriptedServer first(echo);
  ServerOptions options;
  options.port = first.port();
  ScriptedHandler handler(echo);
  base::Logger log(base::Level::kOff);
  const auto second = Server::start(options, handler, log);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::Code::kUnavailable);
  EXPECT_NE(second.error().message.find(std::to_string(first.port())), std::string::npos);
  EXPECT_NE(second.error().message.find("--listen"), std::string::npos);
}

TEST(HttpServer, RefusesAnAddressThatIsNone) {
  ServerOptions options;
  options.address = "localhost!";
  ScriptedHandler handler(echo);
  base::Logger log(base::Level::kOff);
  const auto server = Server::start(options, handler, log);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, base::Code::kInvalidArgument);
}

TEST(HttpServer, DrainsIdleConnectionsAndLetsARunningReplyFinish) {
  std::promise<std::unique_ptr<Responder>> started;
  ScriptedServer server([&](Request, std::unique_ptr<Responder> responder) {
    started.set_value(std::move(responder));
  });
  RawSocket idle(server.port());
  RawSocket busy(server.port());
  busy.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  std::unique_ptr<Responder> responder = started.get_future().get();
  auto drained = std::async(std::launch::async,
                            [&] { return server.server().drain(std::chrono::seconds(20)); });
  EXPECT_EQ(idle.receive(), "");  // closed, although it has asked nothing
  responder->send({200, {}, "done"});
  const std::string reply = busy.receive_all();
  EXPECT_TRUE(reply.ends_with("done"));
  responder.reset();
  busy.close();
  EXPECT_TRUE(drained.get());
}

TEST(HttpServer, CutsWhatDoesNotFinishInTimeWhenDraining) {
  std::promise<std::unique_ptr<Responder>> started;
  ScriptedServer server([&](Request, std::unique_ptr<Responder> responder) {
    started.set_value(std::move(responder));
  });
  RawSocket busy(server.port());
  busy.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  const std::unique_ptr<Responder> responder = started.get_future().get();
  EXPECT_FALSE(server.server().drain(std::chrono::milliseconds(1)));
  EXPECT_EQ(busy.receive(), "");
}

}  // namespace
}  // namespace nearside::http
