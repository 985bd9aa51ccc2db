// Calls without libcurl: connections that live on, and servers that break at every point.
#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "http/call_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "http/scripted_listener_for_test.h"

namespace nearside::http {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers every request of a connection.
void serve(ScriptedPeer& peer) {
  while (!peer.request().empty()) peer.send(kOk);
}

/// Where a connection is never made: nobody accepts, and the queue is full.
class FullListener {
 public:
  FullListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    CHECK(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address_), size) == 0);
    CHECK(::listen(fd_.get(), 0) == 0);
    CHECK(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address_), &size) == 0);
    for (base::UniqueFd& waiting : waiting_) {
      waiting = base::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      static_cast<void>(
          ::connect(waiting.get(), reinterpret_cast<const sockaddr*>(&address_), size));
    }
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/";
  }

 private:
  base::UniqueFd fd_;
  sockaddr_in address_{};
  std::array<base::UniqueFd, 4> waiting_;
};

TEST(PlainClient, SendsWhatServersExpect) {
  std::string got;
  ScriptedListener listener([&](ScriptedPeer& peer) {
    got = peer.request(4);
    peer.send(kOk);
  });
  const auto client = Client::create();
  const Called called =
      call(*client, {.method = "POST",
                     .url = listener.url("/v1?a=b#part"),
                     .headers = {{"X-Key", "k"}, {"content-length", "99"}, {"X-Empty", ""}},
                     .body = "body"});
  EXPECT_TRUE(called.outcome);
  EXPECT_EQ(got, "POST /v1?a=b HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(listener.port()) +
                     "\r\nAccept: */*\r\nX-Key: k\r\nX-Empty: \r\nContent-Length: 4\r\n\r\nbody");
}

TEST(PlainClient, CallersMaySayOtherwise) {
  std::string got;
  ScriptedListener listener([&](ScriptedPeer& peer) {
    got = peer.request();
    peer.send(kOk);
  });
  const auto client = Client::create();
  const std::string url = "http://user:word@localhost:" + std::to_string(listener.port()) + "?q";
  EXPECT_TRUE(call(*client, {.url = url, .headers = {{"host", "other"}, {"accept", "text/plain"}}})
                  .outcome);
  EXPECT_EQ(got,
            "GET /?q HTTP/1.1\r\nAuthorization: Basic dXNlcjp3b3Jk\r\nhost: other\r\n"
            "accept: text/plain\r\n\r\n");
}

TEST(PlainClient, RefusesWhatWouldEndALineOfTheRequest) {
  ScriptedListener listener(serve);
  const auto client = Client::create();
  for (const ClientRequest& bad :
       {ClientRequest{.url = listener.url(), .headers = {{"a", "b\r\nc: d"}}},
        ClientRequest{.url = listener.url(), .headers = {{"a: b\r\nc", "d"}}},
        ClientRequest{.url = listener.url(), .headers = {{"a", std::string("\0", 1)}}},
        ClientRequest{.method = "GET / HTTP/1.1\r\nx:", .url = listener.url()},
        ClientRequest{.method = "", .url = listener.url()}}) {
    const Called called = call(*client, bad);
    ASSERT_FALSE(called.outcome);
    EXPECT_EQ(called.outcome.error().code, base::Code::kInvalidArgument);
  }
  EXPECT_EQ(listener.connections(), 0);
}

TEST(PlainClient, KeepsAConnectionForTheNextCall) {
  ScriptedListener listener(serve);
  const auto client = Client::create();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(call(*client, {.url = listener.url()}).outcome);
  EXPECT_EQ(listener.connections(), 1);
}

TEST(PlainClient, KeepsNoConnectionThatTheServerWillClose) {
  for (const std::string_view reply :
       {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx, and more than was said"}) {
    ScriptedListener listener([&](ScriptedPeer& peer) {
      peer.request();
      peer.send(reply);
      peer.end_of_stream();
      peer.wait_for_close();
    });
    const auto client = Client::create();
    EXPECT_TRUE(call(*client, {.url = listener.url()}).outcome);
    EXPECT_TRUE(call(*client, {.url = listener.url()}).outcome);
    EXPECT_EQ(listener.connections(), 2) << reply;
  }
}

TEST(PlainClient, KeepsNoMoreConnectionsThanItsBound) {
  std::latch all_asked(3);
  std::latch two_closed(2);
  ScriptedListener listener([&](ScriptedPeer& peer) {
    peer.request();
    all_asked.arrive_and_wait();
    peer.send(kOk);
    peer.wait_for_close();
    if (peer.number < 3) two_closed.count_down();
  });
  auto client = Client::create({.idle_connections_max = 1});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&] { EXPECT_TRUE(call(*client, {.url = listener.url()}).outcome); });
  }
  two_closed.wait();
  EXPECT_EQ(listener.connections(), 3);
  client.reset();
}

TEST(PlainClient, ACallOnAConnectionThatTheServerClosedIsMadeAgain) {
  for (const bool reset : {false, true}) {
    ScriptedListener listener([reset](ScriptedPeer& peer) {
      peer.request(4);
      peer.send(kOk);
      if (peer.number > 0) return peer.wait_for_close();
      peer.request(4);  // and no answer
      if (reset) peer.reset();
    });
    const auto client = Client::create();
    const ClientRequest request{.method = "POST", .url = listener.url(), .body = "body"};
    EXPECT_TRUE(call(*client, request).outcome);
    const Called again = call(*client, request);
    EXPECT_TRUE(again.outcome);
    EXPECT_EQ(again.body, "ok");
    EXPECT_EQ(listener.connections(), 2);
  }
}

TEST(PlainClient, NoticesThatAnIdleConnectionWasClosed) {
  ScriptedListener listener([](ScriptedPeer& peer) {
    peer.request();
    peer.send(kOk);
    if (peer.number > 0) peer.wait_for_close();
  });
  const auto client = Client::create();
  EXPECT_TRUE(call(*client, {.url = listener.url()}).outcome);
  EXPECT_TRUE(call(*client, {.url = listener.url()}).outcome);
  EXPECT_EQ(listener.connections(), 2);
}

TEST(PlainClient, ACallIsMadeAgainOnlyOnce) {
  ScriptedListener listener([](ScriptedPeer& peer) {
    peer.request();
    if (peer.number == 0) peer.send(kOk);
    peer.request();
  });
  const auto client = Client::create();
  EXPECT_TRUE(call(*client, {.url = listener.url()}).outcome);
  // The first connection is closed as soon as it is asked again, the second hears a request that
  // it does not answer.
  const Called called =
      call(*client, {.url = listener.url(), .timeouts = {.first_byte = milliseconds(100)}});
  EXPECT_FALSE(called.outcome);
  EXPECT_EQ(listener.connections(), 2);
}

TEST(PlainClient, ACallIsNotMadeAgainAfterAByteOfTheReply) {
  ScriptedListener listener([](ScriptedPeer& peer) {
    peer.request();
    peer.send(kOk);
    peer.request();
    peer.send("H");
  });
  const auto client = Client::create();
  EXPECT_TRUE(call(*client, {.url = listener.url()}).outcome);
  const Called called = call(*client, {.url = listener.url()});
  ASSERT_FALSE(called.outcome);
  EXPECT_EQ(called.outcome.error().code, base::Code::kUnavailable);
  EXPECT_NE(called.outcome.error().message.find("the connection broke"), std::string::npos);
  EXPECT_EQ(listener.connections(), 1);
}

TEST(PlainClient, ACallOnAFreshConnectionIsNotMadeAgain) {
  ScriptedListener listener([](ScriptedPeer& peer) { peer.request(); });
  const auto client = Client::create();
  EXPECT_FALSE(call(*client, {.url = listener.url()}).outcome);
  EXPECT_EQ(listener.connections(), 1);
}

TEST(PlainClient, ReadsChunksInOddPiecesAndGoesOn) {
  ScriptedListener listener([](ScriptedPeer& peer) {
    for (std::size_t piece = 1; !peer.request().empty(); ++piece)
      peer.send_in_pieces(
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n",
          piece);
  });
  const auto client = Client::create();
  for (int i = 0; i < 20; ++i) {
    const Called called = call(*client, {.url = listener.url()});
    ASSERT_TRUE(called.outcome);
    ASSERT_EQ(called.status, 200);
    ASSERT_EQ(called.body, "hello, world");
  }
  EXPECT_EQ(listener.connections(), 1);
}

TEST(PlainClient, SendsAndReceivesLargeBodies) {
  ScriptedServer server([](Request request, std::unique_ptr<Responder> responder) {
    responder->send({200, {}, std::move(request.body)});
  });
  const auto client = Client::create();
  std::string body;
  for (int i = 0; body.size() < 5'000'000; ++i) body += std::to_string(i);
  const Called called =
      call(*client, {.method = "PUT",
                     .url = "http://127.0.0.1:" + std::to_string(server.port()) + "/",
                     .body = body});
  EXPECT_TRUE(called.outcome);
  EXPECT_TRUE(called.body == body);
}

TEST(PlainClient, HearsAnAnswerThatComesBeforeItHasSentAll) {
  for (const bool reset : {false, true}) {
    ScriptedListener listener([reset](ScriptedPeer& peer) {
      peer.request();
      peer.send("HTTP/1.1 413 No\r\nContent-Length: 9\r\n\r\ntoo large");
      if (reset) return;  // with bytes unread, closing is a reset
      peer.wait_for_close();
    });
    const auto client = Client::create();
    const ClientRequest request{
        .method = "POST", .url = listener.url(), .body = std::string(16U << 20, 'x')};
    const Called called = call(*client, request);
    EXPECT_TRUE(called.outcome);
    EXPECT_EQ(called.status, 413);
    EXPECT_EQ(called.body, "too large");
    // Half a request is in that connection.
    EXPECT_EQ(call(*client, request).status, 413);
    EXPECT_EQ(listener.connections(), 2);
  }
}

TEST(PlainClient, EndsLateInEveryPhase) {
  struct Phase {
    std::string_view bytes;
    ClientTimeouts timeouts;
    std::string_view words;
  };
  const FullListener full;
  Called called =
      call(*Client::create(), {.url = full.url(), .timeouts = {.connect = milliseconds(30)}});
  ASSERT_FALSE(called.outcome);
  EXPECT_EQ(called.outcome.error().code, base::Code::kDeadline);
  EXPECT_EQ(called.outcome.error().message, "no connection within 30 ms");
  const std::string_view half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx";
  for (const Phase& phase :
       {Phase{"", {.first_byte = milliseconds(30)}, "no byte of the reply within 30 ms"},
        Phase{"HTTP/1.1 200 OK\r\nX: ", {.first_byte = milliseconds(30)}, "no byte of the reply"},
        Phase{half, {.stall = milliseconds(30)}, "the reply stalled for 30 ms"},
        Phase{half, {.total = milliseconds(30)}, "the reply took longer than 30 ms"}}) {
    ScriptedListener listener([&](ScriptedPeer& peer) {
      peer.request();
      peer.send(phase.bytes);
      peer.wait_for_close();
    });
    called = call(*Client::create(), {.url = listener.url(), .timeouts = phase.timeouts});
    ASSERT_FALSE(called.outcome);
    EXPECT_EQ(called.outcome.error().code, base::Code::kDeadline);
    EXPECT_NE(called.outcome.error().message.find(phase.words), std::string::npos)
        << called.outcome.error().message;
  }
}

TEST(PlainClient, SaysWhyThereIsNoConnection) {
  const auto client = Client::create();
  const Called nobody = call(*client, {.url = "http://127.0.0.1:1/"});
  ASSERT_FALSE(nobody.outcome);
  EXPECT_EQ(nobody.outcome.error().code, base::Code::kUnavailable);
  EXPECT_EQ(nobody.outcome.error().message, "cannot connect: 127.0.0.1 port 1: Connection refused");
  const Called nowhere = call(*client, {.url = "http://nearside.invalid/"});
  ASSERT_FALSE(nowhere.outcome);
  EXPECT_EQ(nowhere.outcome.error().code, base::Code::kUnavailable);
  EXPECT_TRUE(nowhere.outcome.error().message.starts_with(
      "cannot connect: no address of nearside.invalid: "));
}

/// A call whose sink must hear nothing after it was dropped.
class Dropped {
 public:
  ClientSink sink() {
    return {.on_head = [this](int, const Headers&) { heard(); },
            .on_body =
                [this](std::string_view) {
                  heard();
                  if (!std::exchange(seen_body_, true)) body.count_down();
                },
            .on_end = [](const base::Status&) { ADD_FAILURE() << "told of the end"; }};
  }
  void drop(std::unique_ptr<ClientCall> call) {
    call.reset();
    dropped_ = true;
  }
  std::latch body{1};

 private:
  void heard() const { EXPECT_FALSE(dropped_); }
  std::atomic<bool> dropped_ = false;
  bool seen_body_ = false;
};

TEST(PlainClient, ACallIsCancelledInEveryPhase) {
  enum class Phase { kAtOnce, kName, kConnecting, kWriting, kNoHead, kMidBody };
  const FullListener full;
  for (const Phase phase : {Phase::kAtOnce, Phase::kName, Phase::kConnecting, Phase::kWriting,
                            Phase::kNoHead, Phase::kMidBody})
    for (const bool client_goes : {false, true}) {
      std::latch asked(1);
      std::latch gone(1);
      ScriptedListener listener([&](ScriptedPeer& peer) {
        if (!peer.request().empty()) asked.count_down();
        if (phase == Phase::kMidBody) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
        if (phase == Phase::kWriting) gone.wait();
        peer.wait_for_close();
        if (phase != Phase::kWriting) gone.count_down();
      });
      ClientRequest request{.url = listener.url()};
      if (phase == Phase::kName)
        request.url = "http://localhost:" + std::to_string(listener.port());
      if (phase == Phase::kConnecting) request.url = full.url();
      if (phase == Phase::kWriting) {
        request.method = "POST";
        request.body = std::string(16U << 20, 'x');
      }
      Dropped dropped;
      auto client = Client::create({.calls_max = 1});
      auto under_way = client->send(request, dropped.sink());
      if (phase == Phase::kWriting || phase == Phase::kNoHead) asked.wait();
      if (phase == Phase::kMidBody) dropped.body.wait();
      if (client_goes) {
        client.reset();
        dropped.drop(std::move(under_way));
      } else {
        dropped.drop(std::move(under_way));
        // Its place is free, though it was the only one.
        ScriptedListener other([](ScriptedPeer& peer) {
          peer.request();
          peer.send(kOk);
        });
        EXPECT_TRUE(call(*client, {.url = other.url()}).outcome);
      }
      if (phase == Phase::kNoHead || phase == Phase::kMidBody) gone.wait();  // the server sees it
      if (phase == Phase::kWriting) gone.count_down();
    }
}

TEST(PlainClient, ACallIsCancelledFromWithinItsSink) {
  enum class At { kHead, kBody, kEnd };
  for (const At at : {At::kHead, At::kBody, At::kEnd}) {
    ScriptedListener listener(serve);
    const auto client = Client::create();
    std::mutex mutex;
    std::unique_ptr<ClientCall> under_way;
    std::latch cancelled(1);
    At last = At::kHead;
    const auto seen = [&](At now) {
      last = now;
      if (now != at) return;
      const std::scoped_lock lock(mutex);
      under_way.reset();
      cancelled.count_down();
    };
    {
      const std::scoped_lock lock(mutex);
      under_way = client->send({.url = listener.url()},
                               {.on_head = [&](int, const Headers&) { seen(At::kHead); },
                                .on_body = [&](std::string_view) { seen(At::kBody); },
                                .on_end = [&](const base::Status&) { seen(At::kEnd); }});
    }
    cancelled.wait();
    EXPECT_TRUE(call(*client, {.url = listener.url()}).outcome);
    EXPECT_EQ(last, at);
    // A cancelled call closes its connection, one that has ended leaves it.
    EXPECT_EQ(listener.connections(), at == At::kEnd ? 1 : 2);
  }
}

TEST(PlainClient, BoundsTheCallsUnderWay) {
  std::latch asked(2);
  ScriptedListener listener([&](ScriptedPeer& peer) {
    peer.request();
    if (peer.number < 2) asked.count_down();
    if (peer.number < 2) return peer.wait_for_close();
    peer.send(kOk);
  });
  const auto client = Client::create({.calls_max = 2});
  Dropped first;
  Dropped second;
  auto one = client->send({.url = listener.url()}, first.sink());
  auto two = client->send({.url = listener.url()}, second.sink());
  asked.wait();
  for (const std::string& url : {listener.url(), std::string("https://127.0.0.1:1/")}) {
    const Called refused = call(*client, {.url = url});
    ASSERT_FALSE(refused.outcome);
    EXPECT_EQ(refused.outcome.error().code, base::Code::kExhausted);
  }
  first.drop(std::move(one));
  EXPECT_TRUE(call(*client, {.url = listener.url()}).outcome);
  second.drop(std::move(two));
}

TEST(PlainClient, AnswersManyCallsOfSeveralThreads) {
  ScriptedServer server([](Request request, std::unique_ptr<Responder> responder) {
    responder->send({200, {}, std::move(request.body)});
  });
  const auto client = Client::create({.loops = std::make_shared<Loops>(3)});
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 100; ++i) {
        const std::string body = std::to_string(thread * 1000 + i);
        const ClientRequest request{
            .method = "POST",
            .url = "http://127.0.0.1:" + std::to_string(server.port()) + "/",
            .body = body};
        if (i % 10 == 0) client->send(request, {});  // dropped at once
        const Called called = call(*client, request);
        ASSERT_TRUE(called.outcome);
        ASSERT_EQ(called.body, body);
      }
    });
}

}  // namespace
}  // namespace nearside::http
