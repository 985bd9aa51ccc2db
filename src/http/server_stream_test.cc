// Streams: sent as they come, ended so that a client can tell whole from cut, and stopped when
// nobody reads.
#include <latch>

#include <gtest/gtest.h>

#include "http/raw_socket_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "http/server.h"

namespace nearside::http {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// A server that hands each Responder to the test.
struct StreamServer {
  explicit StreamServer(const ServerOptions& options = {})
      : server(
            [this](Request, std::unique_ptr<Responder> responder) {
              started.set_value(std::move(responder));
            },
            options) {}
  std::unique_ptr<Responder> responder() { return started.get_future().get(); }
  std::promise<std::unique_ptr<Responder>> started;
  ScriptedServer server;
};

TEST(HttpStream, SendsEachPieceWhenItIsWritten) {
  StreamServer stream;
  RawSocket client(stream.server.port());
  client.send(kGet);
  const auto responder = stream.responder();
  responder->begin(200, {{"content-type", "text/event-stream"}});
  EXPECT_NE(client.receive_until("\r\n\r\n").find("transfer-encoding: chunked"), std::string::npos);
  EXPECT_TRUE(responder->write("one"));
  EXPECT_EQ(client.receive_until("one\r\n"), "3\r\none\r\n");
  EXPECT_TRUE(responder->write("second"));
  EXPECT_EQ(client.receive_until("second\r\n"), "6\r\nsecond\r\n");
  responder->finish();
  EXPECT_EQ(client.receive_until("0\r\n\r\n"), "0\r\n\r\n");
}

TEST(HttpStream, KeepsTheConnectionAfterACompleteStream) {
  ScriptedServer server([](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {});
    responder->write("x");
    responder->finish();
  });
  RawSocket client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send(kGet);
    EXPECT_TRUE(client.receive_until("0\r\n\r\n").starts_with("HTTP/1.1 200 "));
  }
}

TEST(HttpStream, AnAbortedStreamSendsWhatWasWrittenButNoEndMark) {
  StreamServer stream;
  RawSocket client(stream.server.port());
  client.send(kGet);
  const auto responder = stream.responder();
  responder->begin(200, {});
  responder->write("partial");
  responder->abort();
  const std::string all = client.receive_all();
  EXPECT_TRUE(all.ends_with("7\r\npartial\r\n")) << all;
}

TEST(HttpStream, AnAbortedStreamWithoutChunksIsReset) {
  StreamServer stream;
  RawSocket client(stream.server.port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const auto responder = stream.responder();
  responder->begin(200, {});
  responder->write("partial");
  EXPECT_NE(client.receive_until("partial").find("connection: close"), std::string::npos);
  responder->abort();
  client.receive_all();
  EXPECT_TRUE(client.was_reset());
}

TEST(HttpStream, DestroyingTheResponderCutsTheStream) {
  StreamServer stream;
  RawSocket client(stream.server.port());
  client.send(kGet);
  auto responder = stream.responder();
  responder->begin(200, {});
  responder->write("partial");
  responder.reset();
  EXPECT_TRUE(client.receive_all().ends_with("partial\r\n"));
}

TEST(HttpStream, TellsTheHandlerThatTheClientHasGone) {
  StreamServer stream;
  RawSocket client(stream.server.port());
  client.send(kGet);
  const auto responder = stream.responder();
  std::latch gone(1);
  responder->on_gone([&] { gone.count_down(); });
  client.close();
  gone.wait();
  responder->begin(200, {});
  EXPECT_FALSE(responder->write("to nobody"));
  responder->abort();
}

TEST(HttpStream, TellsAHandlerThatAsksLate) {
  StreamServer stream;
  RawSocket client(stream.server.port());
  client.send(kGet);
  const auto responder = stream.responder();
  responder->begin(200, {});
  client.close();
  while (responder->write("x")) std::this_thread::yield();
  bool told = false;
  responder->on_gone([&] { told = true; });
  EXPECT_TRUE(told);
}

TEST(HttpStream, NoticesAClientThatLeavesAfterPipeliningAnotherRequest) {
  StreamServer stream;
  RawSocket client(stream.server.port());
  client.send(std::string(kGet) + std::string(kGet));
  const auto responder = stream.responder();
  std::latch gone(1);
  responder->on_gone([&] { gone.count_down(); });
  client.close();
  gone.wait();
}

TEST(HttpStream, RefusesToBufferMoreThanItsBoundForASlowReader) {
  ServerOptions options;
  options.stream_buffer_bytes_max = 64U << 10;
  StreamServer stream(options);
  RawSocket client(stream.server.port(), 4096);
  client.send(kGet);
  const auto responder = stream.responder();
  responder->begin(200, {});
  const std::string piece(8192, 'x');
  std::size_t written = 0;
  while (responder->write(piece)) {
    written += piece.size();
    ASSERT_LT(written, std::size_t{1} << 30) << "the stream has no bound";
  }
  responder->abort();
}

TEST(HttpStream, DropsAReaderThatStalls) {
  ServerOptions options;
  options.write_stall_timeout = milliseconds(50);
  options.stream_buffer_bytes_max = 64U << 20;
  StreamServer stream(options);
  RawSocket client(stream.server.port(), 4096);
  client.send(kGet);
  const auto responder = stream.responder();
  std::latch gone(1);
  responder->on_gone([&] { gone.count_down(); });
  responder->begin(200, {});
  responder->write(std::string(16U << 20, 'x'));
  gone.wait();
  EXPECT_FALSE(responder->write("more"));
}

}  // namespace
}  // namespace nearside::http
