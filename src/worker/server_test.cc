#include "worker/server.h"

#include <csignal>
#include <optional>
#include <thread>
#include <variant>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "worker/fake_engine.h"
#include "worker/protocol.h"

namespace nearside::worker {
namespace {

/// A server on a thread of its own, and the gateway's end of its channel.
class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    gateway_.reset(ends[0]);
    worker_.reset(ends[1]);
    thread_ = std::thread([this] { outcome_ = serve(worker_, engine_); });
  }
  void TearDown() override {
    if (thread_.joinable()) {
      EXPECT_TRUE(hang_up());
    }
  }
  base::Status hang_up() {
    gateway_.reset();
    thread_.join();
    return outcome_;
  }

  void submit(RequestId id, const std::string& prompt) {
    chat::Request request;
    request.kind = chat::Request::Kind::kCompletion;
    request.prompt = prompt;
    send(encode_submit(id, request).value());
  }
  void send(std::string_view bytes) { ASSERT_TRUE(write_all(gateway_, bytes)); }

  /// The next event; blocks until it comes.
  Happened next() {
    while (true) {
      if (const std::optional<Frame> frame = reader_.next().value())
        return std::get<Happened>(decode_from_worker(*frame).value());
      char bytes[256];
      const ssize_t count = ::read(gateway_.get(), bytes, sizeof(bytes));
      if (count <= 0) {
        ADD_FAILURE() << "the server hung up";
        return {};
      }
      reader_.append(std::span(bytes).first(static_cast<std::size_t>(count)));
    }
  }

  FakeEngine engine_{"fake"};
  base::UniqueFd gateway_;
  base::UniqueFd worker_;
  FrameReader reader_{kFromWorkerBytesMax};
  base::Status outcome_;
  std::thread thread_;  // uses engine_, worker_ and outcome_ until joined
};

TEST_F(ServerTest, StreamsAnAnswerAndEndsIt) {
  submit(5, "say ok");
  EXPECT_EQ(std::get<chat::TextDelta>(next().event).text, "o");
  EXPECT_EQ(std::get<chat::TextDelta>(next().event).text, "k");
  const Happened last = next();
  EXPECT_EQ(last.id, 5U);
  EXPECT_EQ(std::get<chat::Finished>(last.event).usage.completion_tokens, 2U);
}

TEST_F(ServerTest, AnswersARefusalOfTheEngine) {
  submit(6, "refuse");
  const Happened happened = next();
  EXPECT_EQ(happened.id, 6U);
  EXPECT_EQ(std::get<chat::Failed>(happened.event).error.code, base::Code::kContextLength);
}

TEST_F(ServerTest, AnswersARequestThatIsNotReadable) {
  send(encode_frame(FrameKind::kSubmit, std::string(8, '\x01') + "{}"));
  const Happened happened = next();
  EXPECT_EQ(std::get<chat::Failed>(happened.event).error.code, base::Code::kInvalidArgument);
}

TEST_F(ServerTest, PassesCancellationsOn) {
  submit(1, "watch");
  submit(2, "wait");
  send(encode_cancel(2));
  send(encode_cancel(99));
  const Happened told = next();
  EXPECT_EQ(told.id, 1U);
  EXPECT_EQ(std::get<chat::TextDelta>(told.event).text, "cancelled");
  EXPECT_TRUE(hang_up());
  EXPECT_EQ(engine_.cancelled, std::vector<RequestId>{2});
}

TEST_F(ServerTest, EndsWhenTheGatewayHangsUp) {
  submit(1, "wait");
  EXPECT_TRUE(hang_up());
}

TEST_F(ServerTest, EndsWithAnErrorOnGarbage) {
  send(encode_frame(FrameKind::kReady, std::string(8, 'x')));
  thread_.join();
  ASSERT_FALSE(outcome_);
  EXPECT_EQ(outcome_.error().code, base::Code::kCorrupt);
}

TEST_F(ServerTest, EndsWithAnErrorOnAnOversizedFrame) {
  send(std::string_view("\xFF\xFF\xFF\xFF\x01", 5));
  thread_.join();
  ASSERT_FALSE(outcome_);
  EXPECT_EQ(outcome_.error().code, base::Code::kTooLarge);
}

}  // namespace
}  // namespace nearside::worker
