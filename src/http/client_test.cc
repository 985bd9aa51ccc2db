#include "http/client.h"

#include <atomic>
#include <latch>
#include <mutex>

#include <gtest/gtest.h>

#include "http/scripted_handler_for_test.h"

namespace nearside::http {
namespace {

using std::chrono::milliseconds;

/// Collects one call; wait() blocks until it has ended.
struct Collected {
  ClientSink sink() {
    return {.on_head =
                [this](int s, const Headers& h) {
                  status = s;
                  headers = h;
                },
            .on_body =
                [this](std::string_view bytes) {
                  body += bytes;
                  if (!std::exchange(seen_body, true)) first_body.count_down();
                },
            .on_end =
                [this](base::Status end) {
                  outcome = std::move(end);
                  done.count_down();
                }};
  }
  int status = 0;
  Headers headers;
  std::string body;
  base::Status outcome;
  bool seen_body = false;
  std::latch first_body{1};
  std::latch done{1};
};

std::string url(std::uint16_t port, std::string_view path = "/") {
  return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
}

TEST(HttpClient, SendsAndReceives) {
  ScriptedServer server([](Request request, std::unique_ptr<Responder> responder) {
    const std::string key(find_header(request.headers, "X-Key").value_or("none"));
    responder->send({201, {{"x-reply", "yes"}}, request.method + request.body + key});
  });
  const auto client = Client::create();
  Collected got;
  const auto call = client->send(
      {.method = "POST", .url = url(server.port()), .headers = {{"x-key", "k"}}, .body = "body"},
      got.sink());
  got.done.wait();
  EXPECT_TRUE(got.outcome);
  EXPECT_EQ(got.status, 201);
  EXPECT_EQ(got.body, "POSTbodyk");
  EXPECT_EQ(find_header(got.headers, "x-reply"), "yes");
}

TEST(HttpClient, ReusesItsConnection) {
  ScriptedServer server([](Request, std::unique_ptr<Responder> r) { r->send({200, {}, "x"}); });
  const auto client = Client::create();
  for (int i = 0; i < 5; ++i) {
    Collected got;
    const auto call = client->send({.url = url(server.port())}, got.sink());
    got.done.wait();
    ASSERT_TRUE(got.outcome);
  }
  EXPECT_EQ(server.server().connection_count(), 1U);
}

TEST(HttpClient, ACallAfterBrokenOnesIsAnswered) {
  // Sockets of broken connections are closed, and the next one has the same number.
  std::atomic<int> asked = 0;
  ScriptedServer server([&](Request, std::unique_ptr<Responder> responder) {
    if (++asked % 3 == 0) return responder->send({200, {}, "x"});
    responder->begin(200, {});
    responder->write("half");
    responder->abort();
  });
  const auto client = Client::create();
  for (int i = 1; i <= 90; ++i) {
    Collected got;
    const auto call = client->send({.url = url(server.port())}, got.sink());
    got.done.wait();
    ASSERT_EQ(bool(got.outcome), i % 3 == 0) << i;
  }
}

TEST(HttpClient, CallsStayOnTheThreadOfTheLoopThatStartedThem) {
  const auto loops = std::make_shared<Loops>(3);
  ClientOptions options;
  options.loops = loops;
  ScriptedServer upstream([](Request, std::unique_ptr<Responder> r) { r->send({200, {}, "x"}); });
  const auto client = Client::create(options);
  std::vector<std::unique_ptr<ClientCall>> calls(loops->size());
  std::vector<std::optional<std::size_t>> ended_on(loops->size());
  std::latch done(3);
  loops->on_each([&](std::size_t loop) {
    ClientSink sink;
    sink.on_end = [&, loop](const base::Status&) {
      ended_on[loop] = loops->here();
      done.count_down();
    };
    calls[loop] = client->send({.url = url(upstream.port())}, std::move(sink));
  });
  done.wait();
  EXPECT_EQ(ended_on, (std::vector<std::optional<std::size_t>>{0, 1, 2}));
  EXPECT_FALSE(loops->here());
}

TEST(HttpClient, ACallMayOutliveItsClient) {
  KeptResponder kept;
  ScriptedServer server([&](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {});
    responder->write("first");
    kept.keep(std::move(responder));
  });
  Collected got;
  auto client = Client::create();
  auto call = client->send({.url = url(server.port())}, got.sink());
  got.first_body.wait();
  client.reset();
  call.reset();
  EXPECT_FALSE(got.done.try_wait());
  kept.drop();
}

TEST(HttpClient, StreamsAndCancels) {
  std::latch gone(1);
  KeptResponder kept;
  ScriptedServer server([&](Request, std::unique_ptr<Responder> responder) {
    responder->on_gone([&] { gone.count_down(); });
    responder->begin(200, {});
    responder->write("first");
    kept.keep(std::move(responder));
  });
  const auto client = Client::create();
  Collected got;
  auto call = client->send({.url = url(server.port())}, got.sink());
  got.first_body.wait();
  call.reset();
  gone.wait();  // the server sees it
  EXPECT_EQ(got.body, "first");
  EXPECT_FALSE(got.done.try_wait());
  kept.drop();
}

TEST(HttpClient, MayBeCancelledFromWithinTheSink) {
  ScriptedServer server([](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {});
    responder->write("first");
    responder->finish();
  });
  const auto client = Client::create();
  std::mutex mutex;
  std::unique_ptr<ClientCall> call;
  std::latch cancelled(1);
  const std::scoped_lock lock(mutex);
  ClientSink sink;
  sink.on_body = [&](std::string_view) {
    const std::scoped_lock inner(mutex);
    call.reset();
    cancelled.count_down();
  };
  sink.on_end = [](const base::Status&) { ADD_FAILURE() << "told after it was cancelled"; };
  call = client->send({.url = url(server.port())}, std::move(sink));
  mutex.unlock();
  cancelled.wait();
  mutex.lock();
}

TEST(HttpClient, SaysThatNobodyListens) {
  std::uint16_t port = 0;
  {
    ScriptedServer server([](Request, std::unique_ptr<Responder>) {});
    port = server.port();
  }
  const auto client = Client::create();
  Collected got;
  const auto call = client->send({.url = url(port)}, got.sink());
  got.done.wait();
  ASSERT_FALSE(got.outcome);
  EXPECT_EQ(got.outcome.error().code, base::Code::kUnavailable);
  EXPECT_NE(got.outcome.error().message.find("cannot connect"), std::string::npos);
}

TEST(HttpClient, TellsACutReplyFromACompleteOne) {
  ScriptedServer server([](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {});
    responder->write("half");
    responder->abort();
  });
  const auto client = Client::create();
  Collected got;
  const auto call = client->send({.url = url(server.port())}, got.sink());
  got.done.wait();
  EXPECT_EQ(got.body, "half");
  ASSERT_FALSE(got.outcome);
  EXPECT_EQ(got.outcome.error().code, base::Code::kUnavailable);
}

TEST(HttpClient, GivesUpOnAServerThatNeverAnswers) {
  KeptResponder kept;
  ScriptedServer server(
      [&](Request, std::unique_ptr<Responder> responder) { kept.keep(std::move(responder)); });
  const auto client = Client::create();
  Collected got;
  const auto call = client->send(
      {.url = url(server.port()), .timeouts = {.first_byte = milliseconds(30)}}, got.sink());
  got.done.wait();
  ASSERT_FALSE(got.outcome);
  EXPECT_EQ(got.outcome.error().code, base::Code::kDeadline);
  EXPECT_NE(got.outcome.error().message.find("no byte"), std::string::npos);
  kept.drop();
}

TEST(HttpClient, GivesUpOnAStreamThatStalls) {
  KeptResponder kept;
  ScriptedServer server([&](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {});
    responder->write("x");
    kept.keep(std::move(responder));
  });
  const auto client = Client::create();
  Collected got;
  const auto call = client->send(
      {.url = url(server.port()), .timeouts = {.stall = milliseconds(30)}}, got.sink());
  got.done.wait();
  ASSERT_FALSE(got.outcome);
  EXPECT_EQ(got.outcome.error().code, base::Code::kDeadline);
  EXPECT_NE(got.outcome.error().message.find("stalled"), std::string::npos);
  kept.drop();
}

TEST(HttpClient, RefusesAReplyPastItsBound) {
  ScriptedServer server([](Request, std::unique_ptr<Responder> responder) {
    responder->send({200, {}, std::string(1001, 'x')});
  });
  const auto client = Client::create();
  Collected got;
  const auto call =
      client->send({.url = url(server.port()), .response_bytes_max = 1000}, got.sink());
  got.done.wait();
  ASSERT_FALSE(got.outcome);
  EXPECT_EQ(got.outcome.error().code, base::Code::kTooLarge);
}

TEST(HttpClient, DoesNotFollowRedirects) {
  ScriptedServer server([](Request, std::unique_ptr<Responder> responder) {
    responder->send({302, {{"location", "http://127.0.0.1:1/elsewhere"}}, ""});
  });
  const auto client = Client::create();
  Collected got;
  const auto call = client->send({.url = url(server.port())}, got.sink());
  got.done.wait();
  EXPECT_TRUE(got.outcome);
  EXPECT_EQ(got.status, 302);
}

TEST(HttpClient, RefusesWhatIsNotAUrlAndOtherProtocols) {
  const auto client = Client::create();
  for (const std::string bad : {"file:///etc/passwd", "http://a b/", "http://[", "gopher://x/"}) {
    Collected got;
    const auto call = client->send({.url = bad}, got.sink());
    got.done.wait();
    ASSERT_FALSE(got.outcome) << bad;
    EXPECT_EQ(got.outcome.error().code, base::Code::kInvalidArgument) << bad;
  }
}

TEST(HttpClient, IgnoresAProxyInTheEnvironmentUnlessTold) {
  ScriptedServer server([](Request, std::unique_ptr<Responder> r) {
    r->send({200, {}, "direct"});
  });
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  const auto client = Client::create();
  Collected direct;
  const auto call = client->send({.url = url(server.port())}, direct.sink());
  direct.done.wait();
  EXPECT_EQ(direct.body, "direct");
  const auto told = Client::create({.proxy_from_environment = true});
  Collected proxied;
  const auto other = told->send({.url = url(server.port())}, proxied.sink());
  proxied.done.wait();
  EXPECT_FALSE(proxied.outcome);
  ::unsetenv("http_proxy");
}

}  // namespace
}  // namespace nearside::http
