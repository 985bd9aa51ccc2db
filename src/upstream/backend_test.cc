// An upstream backend against real servers on loopback that behave well and badly.
#include "upstream/backend.h"

#include <latch>

#include <gtest/gtest.h>

#include "http/scripted_handler_for_test.h"

namespace nearside::upstream {
namespace {

using http::Request;
using http::Responder;
using std::chrono::milliseconds;

constexpr std::string_view kText = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n";
constexpr std::string_view kEnd =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

struct Answer {
  std::string text;
  chat::Event end;
  [[nodiscard]] bool finished() const { return std::holds_alternative<chat::Finished>(end); }
  [[nodiscard]] const base::Error& error() const { return std::get<chat::Failed>(end).error; }
};

class UpstreamTest : public ::testing::Test {
 protected:
  std::unique_ptr<Upstream> upstream(std::uint16_t port, http::ClientTimeouts timeouts = {},
                                     std::size_t calls_max = 64) {
    Endpoint endpoint;
    endpoint.name = "cloud/large";
    endpoint.url = "http://127.0.0.1:" + std::to_string(port) + "/v1";
    endpoint.model = "large";
    endpoint.key = Key("sk-very-secret");
    endpoint.timeouts = timeouts;
    endpoint.calls_max = calls_max;
    return std::move(Upstream::create(std::move(endpoint), *client_, clock_, log_)).value();
  }

  static Answer ask(Upstream& upstream) {
    Answer answer;
    std::latch done(1);
    chat::Request request;
    request.messages = {base::json::object{{"role", "user"}, {"content", "hello"}}};
    const auto call = upstream.start(request, [&](chat::Event event) {
      if (auto* text = std::get_if<chat::TextDelta>(&event)) {
        answer.text += text->text;
      } else {
        answer.end = std::move(event);
        done.count_down();
      }
    });
    done.wait();
    return answer;
  }

  static http::ScriptedHandler::Script status(int code, std::string body,
                                              http::Headers headers = {}) {
    return [=](Request, std::unique_ptr<Responder> responder) {
      responder->send({code, headers, body});
    };
  }

  base::SystemClock clock_;
  base::Logger log_{base::Level::kOff};
  std::unique_ptr<http::Client> client_ = http::Client::create();
};

TEST_F(UpstreamTest, StreamsAnAnswer) {
  http::ScriptedServer server([](Request request, std::unique_ptr<Responder> responder) {
    EXPECT_EQ(request.path, "/v1/chat/completions");
    responder->begin(200, {{"content-type", "text/event-stream"}});
    for (const char byte : kText) responder->write({&byte, 1});
    responder->write(kEnd);
    responder->finish();
  });
  const auto target = upstream(server.port());
  const Answer answer = ask(*target);
  EXPECT_TRUE(answer.finished());
  EXPECT_EQ(answer.text, "hi");
  EXPECT_FALSE(target->down_why());
}

TEST_F(UpstreamTest, ACutConnectionIsAFailureThatKeepsTheTextSoFar) {
  http::ScriptedServer server([](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(kText);
    responder->write("data: {\"cho");
    responder->abort();
  });
  const Answer answer = ask(*upstream(server.port()));
  EXPECT_EQ(answer.text, "hi");
  ASSERT_FALSE(answer.finished());
  EXPECT_EQ(answer.error().code, base::Code::kUnavailable);
  EXPECT_TRUE(answer.error().message.starts_with("cloud/large: "));
}

TEST_F(UpstreamTest, MapsStatusesAndNeverQuotesTheKey) {
  const std::string body =
      R"({"error":{"message":"bad key sk-very-secret","code":"context_length_exceeded"}})";
  const std::pair<int, base::Code> cases[] = {
      {302, base::Code::kUnavailable}, {401, base::Code::kUnavailable},
      {403, base::Code::kUnavailable}, {404, base::Code::kUnavailable},
      {408, base::Code::kDeadline},    {429, base::Code::kExhausted},
      {500, base::Code::kUnavailable}, {503, base::Code::kUnavailable},
      {504, base::Code::kDeadline}};
  for (const auto& [code, expected] : cases) {
    http::ScriptedServer server(
        status(code, "{\"error\":{\"message\":\"bad key sk-very-secret\"}}"));
    const Answer answer = ask(*upstream(server.port()));
    ASSERT_FALSE(answer.finished());
    EXPECT_EQ(answer.error().code, expected) << code;
    EXPECT_EQ(answer.error().message.find("sk-very-secret"), std::string::npos) << code;
  }
  http::ScriptedServer server(
      status(400, R"({"error":{"message":"too long","code":"context_length_exceeded"}})"));
  EXPECT_EQ(ask(*upstream(server.port())).error().code, base::Code::kContextLength);
}

TEST_F(UpstreamTest, ItsOwnFaultsOpenTheBreakerAndTheRequestsFaultsDoNot) {
  http::ScriptedServer refuses(status(400, "{}"));
  const auto picky = upstream(refuses.port());
  for (int i = 0; i < 5; ++i) ask(*picky);
  EXPECT_FALSE(picky->down_why());

  http::ScriptedServer fails(status(500, "oops"));
  const auto broken = upstream(fails.port());
  for (int i = 0; i < 3; ++i) ask(*broken);
  ASSERT_TRUE(broken->down_why());
  const Answer refused = ask(*broken);
  EXPECT_EQ(refused.error().code, base::Code::kUnavailable);
  EXPECT_NE(refused.error().message.find("paused"), std::string::npos);
}

TEST_F(UpstreamTest, HeedsRetryAfter) {
  http::ScriptedServer server(status(429, "{}", {{"retry-after", "30"}}));
  const auto target = upstream(server.port());
  ask(*target);
  EXPECT_TRUE(target->down_why());
}

TEST_F(UpstreamTest, GivesUpOnAServerThatHangs) {
  http::KeptResponder kept;
  http::ScriptedServer server(
      [&](Request, std::unique_ptr<Responder> responder) { kept.keep(std::move(responder)); });
  const Answer answer = ask(*upstream(server.port(), {.first_byte = milliseconds(30)}));
  EXPECT_EQ(answer.error().code, base::Code::kDeadline);
  kept.drop();
}

TEST_F(UpstreamTest, DestroyingTheCallReachesTheServerAndCountsForNothing) {
  std::latch gone(1);
  http::KeptResponder kept;
  http::ScriptedServer server([&](Request, std::unique_ptr<Responder> responder) {
    responder->on_gone([&] { gone.count_down(); });
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(kText);
    kept.keep(std::move(responder));
  });
  const auto target = upstream(server.port(), {}, 1);
  std::latch first(1);
  auto call = target->start({}, [&](const chat::Event& event) {
    ASSERT_TRUE(std::holds_alternative<chat::TextDelta>(event));
    first.count_down();
  });
  first.wait();
  call.reset();
  gone.wait();
  EXPECT_FALSE(target->down_why());
  kept.drop();
}

TEST_F(UpstreamTest, MayBeCancelledFromWithinTheSinkInTheMiddleOfAPiece) {
  http::ScriptedServer server([](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(std::string(kText) + std::string(kText) + std::string(kEnd));
    responder->finish();
  });
  const auto target = upstream(server.port());
  std::unique_ptr<chat::Call> call;
  std::mutex mutex;  // so that `call` is set before the sink looks at it
  std::unique_lock lock(mutex);
  std::latch cancelled(1);
  int events = 0;
  call = target->start({}, [&](const chat::Event&) {
    const std::scoped_lock inner(mutex);
    ++events;
    call.reset();
    cancelled.count_down();
  });
  lock.unlock();
  cancelled.wait();
  EXPECT_EQ(ask(*target).text, "hihi");  // the client's thread is alive and well
  lock.lock();
  EXPECT_EQ(events, 1);
}

TEST_F(UpstreamTest, RefusesMoreCallsThanItsBound) {
  http::KeptResponder kept;
  std::latch arrived(1);
  http::ScriptedServer server([&](Request, std::unique_ptr<Responder> responder) {
    kept.keep(std::move(responder));
    arrived.count_down();
  });
  const auto target = upstream(server.port(), {}, 1);
  auto call = target->start({}, [](const chat::Event&) {});
  arrived.wait();
  EXPECT_EQ(ask(*target).error().code, base::Code::kExhausted);
  call.reset();
  kept.drop();
}

}  // namespace
}  // namespace nearside::upstream
