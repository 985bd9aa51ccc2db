// The life of requests: answers, fallbacks, cuts, leavers, deadlines, and the ledger before the
// last byte.
#include "gateway/exchange.h"

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"

namespace nearside::gateway {
namespace {

using base::Code;
using policy::Place;
using telemetry::Outcome;

std::string text_of(const Reply& stream) {
  std::string text;
  std::string_view rest = stream.body;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\n\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (!line.starts_with("data: {")) continue;
    const auto chunk = base::parse_json(line.substr(6)).value();
    if (!chunk.as_object().contains("choices") || chunk.at("choices").as_array().empty()) continue;
    const auto* content = chunk.at("choices").at(0).at("delta").as_object().if_contains("content");
    if (content != nullptr) text += content->as_string();
  }
  return text;
}

/// A sink that a test drives by hand, after the request has arrived.
struct Hand {
  ScriptedBackend::Script script() {
    return [this](chat::Request, chat::Sink sink) -> std::function<void()> {
      sinks.set_value(std::move(sink));
      return [this] { over.count_down(); };
    };
  }
  chat::Sink take() { return sinks.get_future().get(); }
  std::promise<chat::Sink> sinks;
  std::latch over{1};
};

TEST(Exchange, AnswersWholeWithTheReasonsInTheHeaders) {
  NodeForTest node;
  node.add("device/a", Place::kDevice, says({"Hel", "lo"}, finished(7, 2)));
  node.start();
  const Reply reply = node.chat(kHello);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("x-nearside-target"), "device/a");
  EXPECT_EQ(reply.header("x-nearside-place"), "device");
  EXPECT_EQ(reply.header("x-nearside-label"), "internal");
  EXPECT_EQ(reply.json().at("choices").at(0).at("message").at("content"), "Hello");
  EXPECT_EQ(reply.json().at("usage").at("total_tokens"), 9);
  const telemetry::Record record = node.ledger.wait();
  EXPECT_EQ(record.decision_id, reply.header("x-nearside-decision"));
  EXPECT_EQ(record.outcome, Outcome::kOk);
  EXPECT_EQ(record.output_tokens, 2U);
  EXPECT_EQ(record.target, "device/a");
  EXPECT_EQ(node.ledger.begun.size(), 1U);
}

TEST(Exchange, StreamsAndEndsWithDone) {
  NodeForTest node;
  node.add("device/a", Place::kDevice, says({"Hel", "lo"}, finished()));
  node.start();
  const Reply reply = node.chat(kHelloStream);
  EXPECT_EQ(text_of(reply), "Hello");
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.header("content-type"), "text/event-stream; charset=utf-8");
}

TEST(Exchange, FallsBackBeforeContentAndRecordsEveryAttempt) {
  for (const std::string_view body : {kHello, kHelloStream}) {
    NodeForTest node;
    node.add("device/a", Place::kDevice, says({}, failed(Code::kUnavailable)));
    node.add("onprem/b", Place::kOnprem, says({}, failed(Code::kExhausted)));
    node.add("cloud/c", Place::kCloud, says({"ok"}, finished()));
    node.start();
    const Reply reply = node.chat(body);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("x-nearside-target"), "cloud/c");
    const telemetry::Record record = node.ledger.wait();
    ASSERT_EQ(record.attempts.size(), 3U);
    EXPECT_EQ(record.attempts[0].error_code, "unavailable");
    EXPECT_EQ(record.attempts[1].error_code, "exhausted");
    EXPECT_EQ(record.attempts[2].outcome, Outcome::kOk);
    EXPECT_EQ(record.outcome, Outcome::kOk);
  }
}

TEST(Exchange, AWholeReplyFallsBackEvenAfterContent) {
  NodeForTest node;
  node.add("device/a", Place::kDevice, says({"half an ans"}, failed(Code::kUnavailable)));
  node.add("cloud/b", Place::kCloud, says({"whole"}, finished()));
  node.start();
  const Reply reply = node.chat(kHello);
  EXPECT_EQ(reply.json().at("choices").at(0).at("message").at("content"), "whole");
}

TEST(Exchange, AStreamThatFailsAfterContentIsCutAndNeverLooksComplete) {
  NodeForTest node;
  node.add("device/a", Place::kDevice, says({"half"}, failed(Code::kUnavailable)));
  ScriptedBackend& other = node.add("cloud/b", Place::kCloud, says({"x"}, finished()));
  node.start();
  const Reply reply = node.chat(kHelloStream);
  EXPECT_EQ(text_of(reply), "half");
  EXPECT_NE(reply.body.find("\"error\":{\"message\":\"device/a: broken\""), std::string::npos);
  EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos);
  EXPECT_FALSE(reply.complete);
  EXPECT_EQ(other.calls(), 0);
  const telemetry::Record record = node.ledger.wait();
  EXPECT_EQ(record.outcome, Outcome::kCut);
  EXPECT_EQ(record.error_code, "unavailable");
  EXPECT_EQ(record.target, "device/a");
}

TEST(Exchange, SaysWhyWhenNobodyAnswers) {
  NodeForTest node;
  node.add("device/a", Place::kDevice, says({}, failed(Code::kUnavailable, "worker died")));
  node.add("cloud/b", Place::kCloud, says({}, failed(Code::kDeadline, "no byte")));
  node.start();
  const Reply reply = node.chat(kHelloStream);
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.error_code(), "target_unavailable");
  EXPECT_NE(reply.body.find("worker died"), std::string::npos);
  EXPECT_NE(reply.body.find("no byte"), std::string::npos);
  EXPECT_FALSE(reply.header("x-nearside-decision").empty());
  EXPECT_EQ(node.ledger.wait().outcome, Outcome::kFailed);
}

TEST(Exchange, DoesNotRepeatElsewhereWhatIsWrongWithTheRequest) {
  NodeForTest node;
  node.add("device/a", Place::kDevice, says({}, failed(Code::kInvalidArgument)));
  ScriptedBackend& other = node.add("cloud/b", Place::kCloud, says({"x"}, finished()));
  node.start();
  EXPECT_EQ(node.chat(kHello).status, 400);
  EXPECT_EQ(other.calls(), 0);
  EXPECT_EQ(node.ledger.wait().outcome, Outcome::kRefused);
}

TEST(Exchange, TriesALongerContextElsewhereAndReportsItWhenThereIsNone) {
  NodeForTest node;
  node.add("device/a", Place::kDevice, says({}, failed(Code::kContextLength)));
  node.start();
  const Reply reply = node.chat(kHello);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.error_code(), "context_length_exceeded");
  NodeForTest roomy;
  roomy.add("device/a", Place::kDevice, says({}, failed(Code::kContextLength)));
  roomy.add("cloud/b", Place::kCloud, says({"fits"}, finished()));
  roomy.start();
  EXPECT_EQ(roomy.chat(kHello).status, 200);
}

TEST(Exchange, NeverGivesALocalModelWhatItCannotHonour) {
  constexpr std::string_view kImage =
      R"({"model":"auto","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x/i.png"}}]}]})";
  NodeForTest node;
  ScriptedBackend& local = node.add("device/a", Place::kDevice, says({"x"}, finished()), true);
  node.start();
  const Reply refused = node.chat(kImage);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.error_code(), "unsupported");
  EXPECT_EQ(local.calls(), 0);
  NodeForTest both;
  both.add("device/a", Place::kDevice, says({"x"}, finished()), true);
  both.add("onprem/b", Place::kOnprem, says({"seen"}, finished()));
  both.start();
  EXPECT_EQ(both.chat(kImage).header("x-nearside-target"), "onprem/b");
}

TEST(Exchange, AnAnswerWithoutTextIsStillAnAnswer) {
  for (const std::string_view body : {kHello, kHelloStream}) {
    NodeForTest node;
    node.add("device/a", Place::kDevice, says({""}, finished(5, 0)));
    node.start();
    const Reply reply = node.chat(body);
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.complete);
  }
}

TEST(Exchange, PassesToolCallsOnWholeAndStreamed) {
  const auto script = [](const chat::Request&, const chat::Sink& sink) -> std::function<void()> {
    sink(chat::ToolCallDelta{
        R"([{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}])"});
    sink(chat::ToolCallDelta{R"([{"index":0,"function":{"arguments":"{\"a\":"}}])"});
    sink(chat::ToolCallDelta{R"([{"index":0,"function":{"arguments":"1}"}}])"});
    chat::Finished end;
    end.reason = chat::FinishReason::kToolCalls;
    sink(end);
    return {};
  };
  NodeForTest node;
  node.add("cloud/a", Place::kCloud, script);
  node.start();
  const auto whole = node.chat(kHello).json();
  const auto& choice = whole.at("choices").at(0);
  EXPECT_EQ(choice.at("finish_reason"), "tool_calls");
  EXPECT_TRUE(choice.at("message").at("content").is_null());
  EXPECT_EQ(
      choice.at("message").at("tool_calls"),
      base::parse_json(
          R"([{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}])")
          .value());
  const Reply stream = node.chat(kHelloStream);
  EXPECT_NE(
      stream.body.find(R"("delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]})"),
      std::string::npos);
}

TEST(Exchange, AClientThatLeavesCancelsTheWorkAndIsRecordedWithItsUsage) {
  for (const std::string_view body : {kHelloStream, kHello}) {
    Hand hand;
    NodeForTest node;
    node.add("device/a", Place::kDevice, hand.script());
    node.start();
    http::RawSocket client(node.port());
    client.send(NodeForTest::request_text("POST", "/v1/chat/completions", body));
    const chat::Sink sink = hand.take();
    sink(chat::TextDelta{"12345678"});
    client.close();
    hand.over.wait();
    const telemetry::Record record = node.ledger.wait();
    EXPECT_EQ(record.outcome, Outcome::kClientGone);
    EXPECT_EQ(record.output_tokens, 2U);
    EXPECT_TRUE(record.estimated);
    sink(chat::TextDelta{"too late"});
    sink(finished());
  }
}

TEST(Exchange, AReaderThatIsTooSlowIsCutOffAndItsWorkCancelled) {
  std::latch over(1);
  NodeForTest node;
  std::thread flood;
  node.add("device/a", Place::kDevice,
           [&](chat::Request, chat::Sink sink) -> std::function<void()> {
             flood = std::thread([&over, sink = std::move(sink)] {
               const std::string piece(8192, 'x');
               while (!over.try_wait()) sink(chat::TextDelta{piece});
             });
             return [&over] { over.count_down(); };
           });
  http::ServerOptions options;
  options.stream_buffer_bytes_max = 64U << 10;
  node.start(options);
  http::RawSocket client(node.port(), 4096);
  client.send(NodeForTest::request_text("POST", "/v1/chat/completions", kHelloStream));
  over.wait();
  flood.join();
  EXPECT_EQ(node.ledger.wait().outcome, Outcome::kClientGone);
}

TEST(Exchange, ADeadlineEndsTheWork) {
  Hand hand;
  NodeForTest node;
  node.add("device/a", Place::kDevice, hand.script());
  node.start();
  const Reply reply = node.chat(kHelloStream, {{"x-nearside-deadline-ms", "30"}});
  EXPECT_EQ(reply.status, 504);
  EXPECT_EQ(reply.error_code(), "deadline_exceeded");
  hand.over.wait();
  EXPECT_EQ(node.ledger.wait().attempts.size(), 1U);
}

TEST(Exchange, TheLastByteWaitsForTheLedger) {
  NodeForTest node;
  node.ledger.hold = true;
  node.add("device/a", Place::kDevice, says({"text"}, finished()));
  node.start();
  http::RawSocket client(node.port());
  client.send(NodeForTest::request_text("POST", "/v1/chat/completions", kHelloStream));
  std::string seen = client.receive_until("\"content\":\"text\"");
  node.ledger.wait();
  EXPECT_EQ(seen.find("[DONE]"), std::string::npos);
  node.ledger.release();
  EXPECT_NE(client.receive_all().find("[DONE]"), std::string::npos);
}

TEST(Exchange, AnAnswerThatCannotBeRecordedIsNotGivenAsComplete) {
  NodeForTest node;
  node.ledger.outcome = base::fail(Code::kIo, "disk full");
  node.add("device/a", Place::kDevice, says({"text"}, finished()));
  node.start();
  const Reply whole = node.chat(kHello);
  EXPECT_EQ(whole.status, 503);
  EXPECT_EQ(whole.body.find("text\""), std::string::npos);
  const Reply stream = node.chat(kHelloStream);
  EXPECT_EQ(stream.body.find("[DONE]"), std::string::npos);
  EXPECT_FALSE(stream.complete);
}

TEST(Exchange, NothingIsServedThatCannotBeRecordedAsBegun) {
  NodeForTest node;
  node.ledger.full = true;
  ScriptedBackend& backend = node.add("device/a", Place::kDevice, says({"x"}, finished()));
  node.start();
  EXPECT_EQ(node.chat(kHello).status, 503);
  EXPECT_EQ(backend.calls(), 0);
}

TEST(Exchange, AnAnswerFromTheBackendsOwnThreadMayComeBeforeStartReturns) {
  // The sink runs on another thread and finishes while start() is still under way.
  const auto script = [](const chat::Request&, const chat::Sink& sink) -> std::function<void()> {
    std::thread([&sink] {
      sink(chat::TextDelta{"quick"});
      sink(finished());
    }).join();
    return {};
  };
  NodeForTest node;
  node.add("device/a", Place::kDevice, script);
  node.start();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(text_of(node.chat(kHelloStream)), "quick");
}

}  // namespace
}  // namespace nearside::gateway
