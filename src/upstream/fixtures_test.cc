// Recorded replies of real servers, whole and streamed, through the readers.
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "upstream/providers.h"
#include "upstream/reading_for_test.h"

namespace nearside::upstream {
namespace {

class Fixtures : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file("../shared/data/api-fixtures/fixtures.jsonl");
    if (!file) GTEST_SKIP() << "../shared/data/api-fixtures is absent";
    for (std::string line; std::getline(file, line);) {
      const base::json::object record = base::parse_json(line).value().as_object();
      bodies_[std::string(record.at("path").as_string())] = record.at("content").as_string();
    }
  }
  Reading read(const Provider& provider, const std::string& path, std::size_t inputs = 0) {
    chat::Request request;
    request.messages = {base::json::object{{"role", "user"}, {"content", "x"}}};
    if (inputs > 0) request.kind = chat::Request::Kind::kEmbedding;
    request.inputs.assign(inputs, "x");
    const std::string& body = bodies_["response/" + path];
    EXPECT_FALSE(body.empty()) << path;
    return read_reply(provider, request, body,
                      body.starts_with('{') ? "application/json" : "text/event-stream");
  }
  std::map<std::string, std::string> bodies_;
};

TEST_F(Fixtures, Anthropic) {
  const Reading basic = read(anthropic_provider(), "anthropic/basic.json");
  ASSERT_TRUE(basic.finished());
  EXPECT_TRUE(basic.text.starts_with("Hi there!"));
  EXPECT_EQ(basic.usage().prompt_tokens, 40U);
  EXPECT_EQ(basic.usage().cached_tokens, 12U);
  EXPECT_EQ(basic.usage().cache_write_tokens, 13U);
  EXPECT_EQ(basic.usage().completion_tokens, 21U);

  const Reading streamed = read(anthropic_provider(), "anthropic/stream_basic.json");
  ASSERT_TRUE(streamed.finished());
  EXPECT_EQ(streamed.text,
            "Hi there! How are you doing today? Is there anything I can help you with?");
  EXPECT_EQ(streamed.usage().completion_tokens, 21U);

  const Reading thinking = read(anthropic_provider(), "anthropic/stream_thinking.json");
  ASSERT_TRUE(thinking.finished());
  EXPECT_TRUE(thinking.reasoning.starts_with("The user is asking me"));
  EXPECT_TRUE(thinking.signature.starts_with("EsgDCk"));
  EXPECT_FALSE(thinking.text.empty());

  const Reading tool = read(anthropic_provider(), "anthropic/stream_tool.json");
  ASSERT_TRUE(tool.finished());
  EXPECT_EQ(tool.finish().reason, chat::FinishReason::kToolCalls);
  EXPECT_EQ(tool.calls.at(0).id, "toolu_01A");
  EXPECT_EQ(tool.calls.at(0).arguments, R"({"location":"San Francisco"})");
  const Reading empty = read(anthropic_provider(), "anthropic/stream_tool_empty_args.json");
  EXPECT_EQ(empty.calls.at(0).arguments, "{}");
}

TEST_F(Fixtures, BedrockWholeReplies) {
  for (const char* name :
       {"basic", "cache_write", "max_tokens", "reasoning", "reasoning_unsigned", "tool"}) {
    const Reading got = read(bedrock_provider(), "bedrock/" + std::string(name) + ".json");
    ASSERT_TRUE(got.finished()) << name << got.error().message;
  }
  const Reading cached = read(bedrock_provider(), "bedrock/cache_write.json");
  EXPECT_EQ(cached.usage().prompt_tokens + cached.usage().completion_tokens, 2412U);
  EXPECT_EQ(cached.usage().cache_write_tokens, 2387U);
  EXPECT_EQ(read(bedrock_provider(), "bedrock/max_tokens.json").finish().reason,
            chat::FinishReason::kLength);
  EXPECT_EQ(read(bedrock_provider(), "bedrock/reasoning.json").signature, "SIG-xyz==");
  const Reading tool = read(bedrock_provider(), "bedrock/tool.json");
  ASSERT_EQ(tool.calls.size(), 2U);
  EXPECT_EQ(tool.calls.at(1).name, "hello");
  EXPECT_EQ(tool.calls.at(1).arguments, R"({"sign":"world"})");
  EXPECT_EQ(read(bedrock_provider(), "bedrock-titan/embeddings.json", 1).usage().prompt_tokens, 3U);
  EXPECT_EQ(read(bedrock_provider(), "bedrock-cohere/embeddings.json", 2).vectors.size(), 2U);
}

TEST_F(Fixtures, Gemini) {
  EXPECT_EQ(read(gemini_provider(), "vertex-gemini/basic.json").text, "The provider is Gemini.");
  EXPECT_EQ(read(gemini_provider(), "vertex-gemini/blocked.json").finish().reason,
            chat::FinishReason::kContentFilter);
  const Reading thought = read(gemini_provider(), "vertex-gemini/reasoning.json");
  EXPECT_EQ(thought.reasoning, "Let me think about the weather.");
  EXPECT_EQ(thought.text, "It is sunny.");
  EXPECT_EQ(thought.usage().completion_tokens, 17U);
  EXPECT_EQ(thought.usage().reasoning_tokens, 5U);
  const Reading tool = read(gemini_provider(), "vertex-gemini/stream_tool.json");
  EXPECT_EQ(tool.finish().reason, chat::FinishReason::kToolCalls);
  EXPECT_EQ(tool.calls.at(0).id, "fc_native");
  const Reading vectors = read(gemini_provider(), "vertex/embeddings.json", 2);
  ASSERT_EQ(vectors.vectors.size(), 2U);
  EXPECT_EQ(vectors.usage().prompt_tokens, 9U);
}

TEST_F(Fixtures, OpenAi) {
  const Reading cached = read(openai_provider(), "completions/cache_write.json");
  EXPECT_EQ(cached.usage().cache_write_tokens, 200U);
  EXPECT_EQ(read(openai_provider(), "completions/openrouter_reasoning.json").reasoning,
            "Okay, the user wants me to write a story");
  EXPECT_EQ(read(openai_provider(), "completions/tool_call.json").calls.size(), 1U);
  for (const char* name :
       {"audio", "gemini_with_completion_tokens", "gemini_zero_completion_tokens"})
    EXPECT_TRUE(read(openai_provider(), "completions/" + std::string(name) + ".json").finished())
        << name;
  EXPECT_EQ(read(openai_provider(), "openai/gemini-embeddings.json", 1).vectors.at(0).size(), 2U);
}

TEST_F(Fixtures, Responses) {
  const Reading basic = read(responses_provider(), "responses/basic.json");
  EXPECT_EQ(basic.text, "Hello! How can I assist you today?");
  EXPECT_EQ(basic.usage().completion_tokens, 10U);
  const Reading custom = read(responses_provider(), "responses/custom-tool.json");
  EXPECT_EQ(custom.finish().reason, chat::FinishReason::kToolCalls);
  EXPECT_EQ(custom.calls.at(0).name, "exec");
  const Reading streamed = read(responses_provider(), "responses/stream-custom-tool.json");
  ASSERT_TRUE(streamed.finished()) << streamed.error().message;
  EXPECT_TRUE(streamed.calls.at(0).arguments.ends_with("text(r.output);"));
  EXPECT_EQ(read(responses_provider(), "responses/stream-refusal.json").text,
            "I cannot help with that.");
  EXPECT_TRUE(read(responses_provider(), "responses/stream-image.json").finished());
}

}  // namespace
}  // namespace nearside::upstream
