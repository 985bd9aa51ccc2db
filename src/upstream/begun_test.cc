#include "upstream/begun.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "upstream/provider.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

chat::Request begun(std::string text) {
  chat::Request request;
  request.messages = {json::object{{"role", "user"}, {"content", "hello"}}};
  request.original = {{"messages", request.messages}};
  request.original_text = R"({"messages":[{"role":"user","content":"hello"}]})";
  request.original_dialect = "openai";
  request.begun = std::move(text);
  return request;
}

Endpoint endpoint(std::string provider, Continues continues) {
  Endpoint out;
  out.provider = std::move(provider);
  out.url = "http://127.0.0.1:1/v1";
  out.model = "m";
  out.continues = continues;
  return out;
}

/// What the server would be sent.
json::object sent(const Endpoint& to, chat::Request request) {
  EXPECT_TRUE(write_begun(to, request));
  const Provider* provider = find_provider(to.provider).value();
  return base::parse_json(provider->ask(to, request, {}).value().body).value().as_object();
}

TEST(Begun, EachWayOfWritingOnHasItsWords) {
  const json::object last = sent(endpoint("openai", Continues::kLastMessage), begun("once upon "));
  ASSERT_EQ(last.at("messages").as_array().size(), 2U);
  EXPECT_EQ(last.at("messages").at(1),
            (json::value{{"role", "assistant"}, {"content", "once upon "}}));
  EXPECT_FALSE(last.contains("continue_final_message"));

  const json::object prefix = sent(endpoint("openai", Continues::kPrefix), begun("once"));
  EXPECT_EQ(prefix.at("messages").at(1).at("prefix"), json::value(true));

  const json::object vllm =
      sent(endpoint("openai", Continues::kContinueFinalMessage), begun("once"));
  EXPECT_EQ(vllm.at("continue_final_message"), json::value(true));
  EXPECT_EQ(vllm.at("add_generation_prompt"), json::value(false));

  const json::object ollama = sent(endpoint("ollama", Continues::kLastMessage), begun("once"));
  EXPECT_EQ(ollama.at("messages").at(1).at("content"), "once");
}

TEST(Begun, AnthropicGetsNoTrailingSpaceAndDoesNotSayItTwice) {
  const chat::Request request = begun("once upon\n ");
  const json::object body = sent(endpoint("anthropic", Continues::kLastMessage), request);
  EXPECT_EQ(body.at("messages").at(1).at("content").at(0).at("text"), "once upon");

  for (const auto& [said, told] :
       {std::pair{"\n a time", "a time"}, std::pair{"\na time", "a time"},
        std::pair{"a time", "a time"}, std::pair{"\n  a time", " a time"}}) {
    const auto reader = find_provider("anthropic")
                            .value()
                            ->reader(request, {{"content-type", "text/event-stream"}});
    std::string text;
    const std::string delta =
        "event: content_block_delta\ndata: " +
        json::serialize(json::value{{"type", "content_block_delta"},
                                    {"index", 0},
                                    {"delta", {{"type", "text_delta"}, {"text", said}}}}) +
        "\n\n";
    ASSERT_TRUE(reader->feed(delta, [&](const chat::Event& event) {
      if (const auto* piece = std::get_if<chat::TextDelta>(&event)) text += piece->text;
    }));
    EXPECT_EQ(text, told) << said;
  }
}

TEST(Begun, ServersThatWereNotSaidToWriteOnAreNotAsked) {
  chat::Request request = begun("once");
  EXPECT_EQ(write_begun(endpoint("openai", Continues::kNot), request).error().code,
            base::Code::kUnsupported);
  chat::Request thinking = begun("once");
  thinking.reasoning_effort = "high";
  EXPECT_EQ(write_begun(endpoint("anthropic", Continues::kLastMessage), thinking).error().code,
            base::Code::kUnsupported);
}

TEST(Begun, ARawCompletionIsItsOwnContinuation) {
  chat::Request request;
  request.kind = chat::Request::Kind::kCompletion;
  request.prompt = "once upon";
  request.begun = " a time";
  EXPECT_EQ(sent(endpoint("openai", Continues::kNot), request).at("prompt"), "once upon a time");
  EXPECT_EQ(sent(endpoint("ollama", Continues::kNot), request).at("prompt"), "once upon a time");
  EXPECT_EQ(write_begun(endpoint("gemini", Continues::kNot), request).error().code,
            base::Code::kUnsupported);
}

}  // namespace
}  // namespace nearside::upstream
