// What every reader must do alike, as a table: a whole answer, one that is cut anywhere, garbage.
#include <gtest/gtest.h>

#include "upstream/event_stream.h"
#include "upstream/providers.h"
#include "upstream/reading_for_test.h"

namespace nearside::upstream {
namespace {

/// The text of an event is one line, however it is written here.
std::string data(std::string_view text) {
  std::string line(text);
  std::erase(line, '\n');
  return "data: " + line + "\n\n";
}
std::string event(std::string_view type, std::string_view text) {
  return "event: " + std::string(type) + "\n" + data(text);
}
std::string frame(std::string_view type, std::string_view payload) {
  return encode_frame({"event", std::string(type), std::string(payload)});
}

struct Stream {
  const Provider& provider;
  std::string type;
  std::string first;  // says "Hel"
  std::string rest;   // says "lo", 7 tokens in, 2 out, ended by a length limit
};

std::vector<Stream> streams() {
  return {
      {openai_provider(), "text/event-stream",
       data(R"({"choices":[{"index":0,"delta":{"content":"Hel"}}]})"),
       data(R"({"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"length"}]})") +
           data(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}})") +
           data("[DONE]")},
      {responses_provider(), "text/event-stream",
       event("x", R"({"type":"response.output_text.delta","delta":"Hel"})"),
       event("x", R"({"type":"response.output_text.delta","delta":"lo"})") +
           event("x", R"({"type":"response.incomplete","response":{"status":"incomplete",
               "incomplete_details":{"reason":"max_output_tokens"},
               "usage":{"input_tokens":7,"output_tokens":2}}})")},
      {anthropic_provider(), "text/event-stream",
       event("message_start",
             R"({"type":"message_start","message":{"usage":{"input_tokens":7}}})") +
           event(
               "x",
               R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})") +
           event(
               "x",
               R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}})"),
       event(
           "x",
           R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}})") +
           event(
               "x",
               R"({"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":2}})") +
           event("x", R"({"type":"message_stop"})")},
      {gemini_provider(), "text/event-stream",
       data(R"({"candidates":[{"content":{"parts":[{"text":"Hel"}]}}]})"),
       data(R"({"candidates":[{"content":{"parts":[{"text":"lo"}]},"finishReason":"MAX_TOKENS"}],
               "usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":2}})")},
      {ollama_provider(), "application/x-ndjson",
       R"({"message":{"role":"assistant","content":"Hel"},"done":false})"
       "\n",
       R"({"message":{"content":"lo"},"done":false})"
       "\n"
       R"({"message":{"content":""},"done":true,"done_reason":"length","prompt_eval_count":7,"eval_count":2})"
       "\n"},
      {bedrock_provider(), "application/vnd.amazon.eventstream",
       frame("messageStart", R"({"role":"assistant"})") +
           frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hel"}})"),
       frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"lo"}})") +
           frame("messageStop", R"({"stopReason":"max_tokens"})") +
           frame("metadata", R"({"usage":{"inputTokens":7,"outputTokens":2}})")},
  };
}

chat::Request ask() {
  chat::Request request;
  request.messages = {base::json::object{{"role", "user"}, {"content", "12345678"}}};
  return request;
}

TEST(Readers, ReadAnAnswerHoweverItsBytesAreCut) {
  for (const Stream& stream : streams()) {
    const std::string body = stream.first + stream.rest;
    for (const std::size_t piece : {std::size_t(1), std::size_t(2), std::size_t(13), body.size()}) {
      const Reading got = read_reply(stream.provider, ask(), body, stream.type, piece);
      ASSERT_TRUE(got.finished()) << stream.provider.name() << ": " << got.error().message;
      EXPECT_EQ(got.text, "Hello") << stream.provider.name();
      EXPECT_EQ(got.finish().reason, chat::FinishReason::kLength) << stream.provider.name();
      EXPECT_EQ(got.usage().prompt_tokens, 7U) << stream.provider.name();
      EXPECT_EQ(got.usage().completion_tokens, 2U) << stream.provider.name();
      EXPECT_FALSE(got.usage().estimated) << stream.provider.name();
    }
  }
}

TEST(Readers, NeverTakeABeginningForAWholeAnswer) {
  for (const Stream& stream : streams()) {
    for (const base::Status& transport :
         {base::Status(), base::Status(base::fail(base::Code::kUnavailable, "reset"))}) {
      const Reading got =
          read_reply(stream.provider, ask(), stream.first, stream.type, 7, transport);
      EXPECT_FALSE(got.finished()) << stream.provider.name();
      EXPECT_EQ(got.text, "Hel") << stream.provider.name();
      EXPECT_GT(got.usage().prompt_tokens, 0U) << stream.provider.name();
    }
    EXPECT_FALSE(read_reply(stream.provider, ask(), "", stream.type).finished())
        << stream.provider.name();
  }
}

TEST(Readers, AnAnswerCutAtAnyByteIsWholeOnlyWithItsReason) {
  for (const Stream& stream : streams()) {
    const std::string body = stream.first + stream.rest;
    const std::size_t reason =
        body.find(stream.type.find("amazon") != std::string::npos ? "stopReason" : "\"length\"");
    for (std::size_t cut = 0; cut < body.size(); ++cut) {
      const Reading got =
          read_reply(stream.provider, ask(), std::string_view(body).substr(0, cut), stream.type);
      if (got.finished()) {
        EXPECT_EQ(got.text, "Hello") << stream.provider.name() << " cut at " << cut;
        if (reason != std::string::npos) {
          EXPECT_GT(cut, reason) << stream.provider.name();
        }
      }
    }
  }
}

TEST(Readers, CallGarbageUnavailable) {
  for (const Stream& stream : streams()) {
    for (const std::string garbage :
         {"data: <html>\n\n", "not json\n", "data: 7\n\n", "data: {\"x\":\"\xff\xfe\"}\n\n"}) {
      const Reading got = read_reply(stream.provider, ask(), garbage, stream.type);
      ASSERT_FALSE(got.finished()) << stream.provider.name() << garbage;
      EXPECT_EQ(got.error().code, base::Code::kUnavailable) << stream.provider.name() << garbage;
    }
  }
}

TEST(Readers, ReportAnErrorInTheMiddleOfAStream) {
  const std::pair<const Provider&, std::string> cases[] = {
      {anthropic_provider(),
       event("error", R"({"type":"error","error":{"type":"rate_limit_error","message":"m"}})")},
      {responses_provider(),
       event("x",
             R"({"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded"}}})")},
      {bedrock_provider(),
       encode_frame({"exception", "throttlingException", R"({"message":"m"})"})},
  };
  for (const auto& [provider, body] : cases) {
    const bool binary = provider.name() == "bedrock";
    const Reading got = read_reply(
        provider, ask(), body, binary ? "application/vnd.amazon.eventstream" : "text/event-stream");
    ASSERT_FALSE(got.finished()) << provider.name();
    EXPECT_EQ(got.error().code, base::Code::kExhausted) << provider.name();
  }
}

TEST(Readers, KeepSeveralChoicesApart) {
  chat::Request request = ask();
  request.choices = 2;
  const Reading got = read_reply(
      openai_provider(), request,
      data(
          R"({"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]})") +
          data(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})") +
          data(R"({"choices":[{"index":1,"delta":{},"finish_reason":"length"}]})"),
      "text/event-stream");
  ASSERT_TRUE(got.finished());
  EXPECT_EQ(got.finish().reason, chat::FinishReason::kStop);
  EXPECT_EQ(got.text_of_choice.at(0), "a");
  EXPECT_EQ(got.text_of_choice.at(1), "b");
}

TEST(Readers, OneOfTwoChoicesIsNoAnswer) {
  chat::Request request = ask();
  request.choices = 2;
  EXPECT_FALSE(
      read_reply(
          openai_provider(), request,
          data(R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})"),
          "text/event-stream")
          .finished());
}

TEST(Readers, PassLogProbabilitiesOn) {
  chat::Request request = ask();
  request.logprobs = 1;
  const Reading got = read_reply(
      openai_provider(), request,
      data(R"({"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a",
          "logprob":-0.5,"bytes":[97],"top_logprobs":[{"token":"b","logprob":-1,"bytes":[98]}]}]},
          "finish_reason":"stop"}]})"),
      "text/event-stream");
  ASSERT_EQ(got.logprobs.size(), 1U);
  EXPECT_EQ(got.logprobs[0].bytes, "a");
  EXPECT_EQ(got.logprobs[0].logprob, -0.5F);
  EXPECT_EQ(got.logprobs[0].top.at(0).bytes, "b");
}

TEST(Readers, ReadVectorsAsNumbersAndAsBase64) {
  chat::Request request;
  request.kind = chat::Request::Kind::kEmbedding;
  request.inputs = {"a", "b"};
  const Reading got = read_reply(
      openai_provider(), request,
      R"({"data":[{"index":1,"embedding":[0.5,2]},{"index":0,"embedding":"AACAPwAAAMA="}],
                     "usage":{"prompt_tokens":2,"total_tokens":2}})",
      "application/json");
  ASSERT_TRUE(got.finished()) << got.error().message;
  EXPECT_EQ(got.vectors.at(0), (std::vector<float>{1, -2}));
  EXPECT_EQ(got.vectors.at(1), (std::vector<float>{0.5, 2}));
  EXPECT_FALSE(read_reply(openai_provider(), request, R"({"data":[{"index":0,"embedding":[1]}]})",
                          "application/json")
                   .finished());
}

}  // namespace
}  // namespace nearside::upstream
