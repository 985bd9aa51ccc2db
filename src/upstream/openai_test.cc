// What the OpenAI provider asks, and how it reads answers, good and broken.
#include <gtest/gtest.h>

#include "upstream/openai_reader.h"
#include "upstream/providers.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

struct Read {
  std::string text;
  std::string tools;
  chat::Event end = chat::Failed{};
  [[nodiscard]] bool finished() const { return std::holds_alternative<chat::Finished>(end); }
  [[nodiscard]] const base::Error& error() const { return std::get<chat::Failed>(end).error; }
  [[nodiscard]] const chat::Usage& usage() const {
    if (finished()) return std::get<chat::Finished>(end).usage;
    return std::get<chat::Failed>(end).usage;
  }
};

Read read(std::string_view body, std::string_view type = "text/event-stream",
          const base::Status& transport = {}) {
  chat::Request request;
  request.messages = {json::object{{"role", "user"}, {"content", "12345678"}}};
  const auto reader = make_openai_reader(request, {{"Content-Type", std::string(type)}});
  Read got;
  const auto emit = [&got](chat::Event event) {
    if (auto* text = std::get_if<chat::TextDelta>(&event)) got.text += text->text;
    if (auto* call = std::get_if<chat::ToolCallDelta>(&event)) got.tools += call->tool_calls_json;
  };
  if (base::Status fed = reader->feed(body, emit); !fed)
    got.end = chat::Failed{fed.error(), reader->usage()};
  else
    got.end = reader->end(transport, emit);
  return got;
}

std::string chunk(std::string_view choice) {
  return "data: {\"choices\":[" + std::string(choice) + "]}\n\n";
}

const std::string kHello = chunk(R"({"index":0,"delta":{"role":"assistant","content":"Hel"}})") +
                           chunk(R"({"index":0,"delta":{"content":"lo"}})");
const std::string kStop = chunk(R"({"index":0,"delta":{},"finish_reason":"stop"})");

TEST(OpenAiReader, ReadsTextReasonAndUsage) {
  const Read got = read(
      kHello + kStop +
      R"(data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}}})"
      "\n\ndata: [DONE]\n\n");
  ASSERT_TRUE(got.finished());
  EXPECT_EQ(got.text, "Hello");
  EXPECT_EQ(got.usage().prompt_tokens, 7U);
  EXPECT_EQ(got.usage().completion_tokens, 2U);
  EXPECT_EQ(got.usage().cached_tokens, 3U);
  EXPECT_FALSE(got.usage().estimated);
}

TEST(OpenAiReader, EstimatesUsageThatIsNotReportedAndSaysSo) {
  const Read got = read(kHello + kStop + "data: [DONE]\n\n");
  ASSERT_TRUE(got.finished());
  EXPECT_TRUE(got.usage().estimated);
  EXPECT_EQ(got.usage().completion_tokens, 2U);
  EXPECT_GT(got.usage().prompt_tokens, 0U);
}

TEST(OpenAiReader, DoesNotBelieveImpossibleUsage) {
  for (const char* usage :
       {R"({"prompt_tokens":-1,"completion_tokens":2})",
        R"({"prompt_tokens":1e300,"completion_tokens":2})", R"({"prompt_tokens":"7"})",
        R"({"prompt_tokens":99999999999,"completion_tokens":2})", R"([])",
        R"({"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":5}})"}) {
    const Read got =
        read(kHello + kStop + "data: {\"choices\":[],\"usage\":" + usage + "}\n\ndata: [DONE]\n\n");
    ASSERT_TRUE(got.finished()) << usage;
    EXPECT_TRUE(got.usage().estimated) << usage;
  }
}

TEST(OpenAiReader, KeepsAnExplicitZero) {
  const Read got =
      read(kHello + kStop +
           "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0}}\n\n");
  ASSERT_TRUE(got.finished());
  EXPECT_FALSE(got.usage().estimated);
  EXPECT_EQ(got.usage().prompt_tokens, 0U);
}

TEST(OpenAiReader, AStreamWithoutAFinishReasonIsNoAnswer) {
  const Read got = read(kHello);
  ASSERT_FALSE(got.finished());
  EXPECT_EQ(got.text, "Hello");
  EXPECT_EQ(got.error().code, base::Code::kUnavailable);
  EXPECT_EQ(got.usage().completion_tokens, 2U);
}

TEST(OpenAiReader, AStreamCutInsideAFrameIsNoAnswer) {
  EXPECT_FALSE(read(kHello + "data: {\"choices\":[{\"delta\":{\"conte").finished());
}

TEST(OpenAiReader, AnEmptyStreamIsNoAnswer) {
  EXPECT_FALSE(read("").finished());
  EXPECT_FALSE(read("data: [DONE]\n\n").finished());
}

TEST(OpenAiReader, ABrokenConnectionAfterTheFinishReasonLosesNothing) {
  const Read got =
      read(kHello + kStop, "text/event-stream", base::fail(base::Code::kUnavailable, "reset"));
  EXPECT_TRUE(got.finished());
}

TEST(OpenAiReader, PassesToolCallsOnAsTheyCome) {
  const Read got = read(
      chunk(
          R"({"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}})") +
      chunk(R"({"delta":{},"finish_reason":"tool_calls"})"));
  ASSERT_TRUE(got.finished());
  EXPECT_EQ(std::get<chat::Finished>(got.end).reason, chat::FinishReason::kToolCalls);
  EXPECT_NE(got.tools.find("\"name\":\"f\""), std::string::npos);
}

TEST(OpenAiReader, ReportsGarbage) {
  for (const std::string body :
       {"data: not json\n\n", "data: []\n\n", "data: {}\n\n", "data: {\"choices\":[7]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\xff\xfe\"}}]}\n\n"}) {
    const Read got = read(kHello + body);
    ASSERT_FALSE(got.finished()) << body;
    EXPECT_EQ(got.error().code, base::Code::kUnavailable) << body;
  }
}

TEST(OpenAiReader, ReportsAnErrorInTheMiddleOfAStream) {
  const Read got =
      read(kHello +
           "data: {\"error\":{\"message\":\"overloaded\",\"code\":\"rate_limit_exceeded\"}}\n\n");
  ASSERT_FALSE(got.finished());
  EXPECT_EQ(got.error().code, base::Code::kExhausted);
}

TEST(OpenAiReader, ReadsAWholeReplyFromAServerThatDoesNotStream) {
  const Read got = read(
      R"({"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"length"}],
          "usage":{"prompt_tokens":3,"completion_tokens":1}})",
      "application/json");
  ASSERT_TRUE(got.finished());
  EXPECT_EQ(got.text, "Hi");
  EXPECT_EQ(std::get<chat::Finished>(got.end).reason, chat::FinishReason::kLength);
  EXPECT_EQ(got.usage().prompt_tokens, 3U);
}

TEST(OpenAiProvider, KeepsTheClientsFieldsButModelAndStream) {
  Endpoint endpoint;
  endpoint.url = "http://host/v1/";
  endpoint.model = "theirs";
  endpoint.key = Key("sk-1");
  chat::Request request;
  request.original = base::parse_json(
                         R"({"model":"auto","stream":false,"new_field":{"x":[1]},"temperature":0.5,
                             "stream_options":{"other":1}})")
                         .value()
                         .as_object();
  const auto call = openai_provider().ask(endpoint, request, {}).value();
  EXPECT_EQ(call.url, "http://host/v1/chat/completions");
  const json::object sent = base::parse_json(call.body).value().as_object();
  EXPECT_EQ(sent.at("model"), "theirs");
  EXPECT_EQ(sent.at("stream"), true);
  EXPECT_EQ(sent.at("new_field"), (json::object{{"x", json::array{1}}}));
  EXPECT_EQ(sent.at("stream_options"), (json::object{{"other", 1}, {"include_usage", true}}));
  EXPECT_EQ(http::find_header(call.headers, "authorization"), "Bearer sk-1");
}

TEST(OpenAiProvider, WritesARequestThatCameInAnotherDialect) {
  Endpoint endpoint;
  endpoint.url = "http://host/v1";
  endpoint.model = "m";
  chat::Request request;
  request.kind = chat::Request::Kind::kCompletion;
  request.prompt = "Once";
  request.completion_tokens_max = 5;
  request.stop = {"\n"};
  request.sampling.temperature = 0;
  const auto call = openai_provider().ask(endpoint, request, {}).value();
  EXPECT_EQ(call.url, "http://host/v1/completions");
  const json::object sent = base::parse_json(call.body).value().as_object();
  EXPECT_EQ(sent.at("prompt"), "Once");
  EXPECT_EQ(sent.at("max_tokens"), 5);
  EXPECT_EQ(sent.at("stop"), (json::array{"\n"}));
  EXPECT_EQ(sent.at("temperature"), 0.0);
  EXPECT_FALSE(http::find_header(call.headers, "authorization"));
}

}  // namespace
}  // namespace nearside::upstream
