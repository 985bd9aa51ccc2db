// What requests may ask of an answer: choices, probabilities, bias, tools, thoughts.
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/json.h"
#include "engine/engine_for_test.h"

namespace nearside::engine {
namespace {

TEST(EngineAnswers, SaysWhichStringStopped) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion("hello", 60);
  const std::string whole = run_alone(*engine, request).text;
  const std::size_t at = whole.find_first_of("abcdefghijklmnopqrstuvwxyz");
  ASSERT_NE(at, std::string::npos) << "another seed must be chosen";
  request.stop = {"not there", whole.substr(at, 1)};
  EXPECT_EQ(run_alone(*engine, request).finished->stop_sequence, whole.substr(at, 1));
}

TEST(EngineAnswers, ChoicesAreThoseOfTheirSeedsAndTheFirstIsWhatOneWouldBe) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion(std::string(100, 'q'), 12);
  const Heard alone = run_alone(*engine, request);
  request.choices = 6;  // more than run at once
  const Heard several = run_alone(*engine, request);
  EXPECT_EQ(several.text, alone.text);
  EXPECT_EQ(several.ended.size(), 6U);
  std::set<std::string> different{several.text};
  for (const auto& [choice, text] : several.further) different.insert(text);
  EXPECT_GE(different.size(), 4U);
  EXPECT_EQ(several.finished->usage.prompt_tokens, 101U);
  EXPECT_GT(several.finished->usage.completion_tokens, 12U);
  EXPECT_EQ(run_alone(*engine, request).further, several.further);
}

TEST(EngineAnswers, ChoicesReadTheirPromptOnce) {
  Options options = small_options();
  options.batch_tokens_max = 50;
  const std::unique_ptr<Engine> engine = load("llama", options);
  chat::Request request = completion(std::string(99, 'q'), 2);
  request.choices = 4;
  Answers answers;
  const Engine::Sink sink = answers.sink();
  ASSERT_TRUE(engine->submit(1, request));
  std::size_t steps = 0;
  while (engine->step(sink)) ++steps;
  // Two for the prompt of 100 tokens, one for the first choice's second and the others' first
  // token, one for their second.
  EXPECT_LE(steps, 4U + 1U);
}

TEST(EngineAnswers, CancellingEndsEveryChoice) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion("hello", 50);
  request.choices = 6;
  Answers answers;
  const Engine::Sink sink = answers.sink();
  ASSERT_TRUE(engine->submit(1, request));
  for (int i = 0; i < 4; ++i) engine->step(sink);
  engine->cancel(1);
  while (engine->step(sink)) {
  }
  EXPECT_FALSE(answers[1].finished);
  ASSERT_TRUE(engine->submit(1, completion("again", 2)));
}

TEST(EngineAnswers, LogprobsAreOfTheModelsOwnScores) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion("hello", 6);
  request.logprobs = 3;
  request.sampling.temperature = 0.0F;
  const Heard plain = run_alone(*engine, request);
  ASSERT_FALSE(plain.logprobs.empty());
  for (const chat::TokenLogprob& token : plain.logprobs) {
    ASSERT_EQ(token.top.size(), 3U);
    EXPECT_EQ(token.top[0].bytes, token.bytes);  // greedy takes the likeliest
    EXPECT_EQ(token.top[0].logprob, token.logprob);
    EXPECT_LE(token.top[1].logprob, token.logprob);
    EXPECT_LT(token.logprob, 0.0F);
  }
  // Forbidding the first token changes what is chosen and not how probable things are.
  chat::Request biased = request;
  for (std::int32_t token = 0; token < 256; ++token) biased.logit_bias.emplace_back(token, -50.0F);
  biased.logit_bias.emplace_back('z', 150.0F);
  const Heard forced = run_alone(*engine, biased);
  ASSERT_FALSE(forced.logprobs.empty());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(forced.logprobs[0].top[i].bytes, plain.logprobs[0].top[i].bytes);
    EXPECT_EQ(forced.logprobs[0].top[i].logprob, plain.logprobs[0].top[i].logprob);
  }
}

TEST(EngineAnswers, BiasMakesOrForbidsATokenAndReachesNobodyElse) {
  const std::unique_ptr<Engine> engine = load();
  const chat::Request plain = completion("hello", 5);
  const Heard before = run_alone(*engine, plain);
  chat::Request biased = plain;
  // Byte-level vocabulary of the fixture: printable bytes are the tokens of their own number.
  biased.logit_bias = {{'z', 1000.0F}};
  Answers answers;
  const Engine::Sink sink = answers.sink();
  ASSERT_TRUE(engine->submit(1, biased));
  ASSERT_TRUE(engine->submit(2, plain));
  while (engine->step(sink)) {
  }
  EXPECT_EQ(answers[1].text, "zzzzz");
  EXPECT_EQ(answers[2], before);
}

TEST(EngineAnswers, RefusesWhatItCannotHonour) {
  const std::unique_ptr<Engine> engine = load();
  for (const auto& spoil : std::vector<std::function<void(chat::Request&)>>{
           [](chat::Request& r) { r.logprobs = 21; }, [](chat::Request& r) { r.choices = 0; },
           [](chat::Request& r) { r.choices = 129; },
           [](chat::Request& r) {
             r.logit_bias = {{-1, 1.0F}};
           },
           [](chat::Request& r) {
             r.logit_bias = {{100'000, 1.0F}};
           },
           [](chat::Request& r) {
             r.adapters = {{"none", 1.0F}};
           }}) {
    chat::Request request = completion("hello");
    spoil(request);
    EXPECT_FALSE(engine->submit(1, request));
  }
}

chat::Request chat_about(std::string text) {
  chat::Request request = completion("");
  request.kind = chat::Request::Kind::kChat;
  request.messages = {base::json::object{{"role", "user"}, {"content", std::move(text)}}};
  return request;
}

base::json::object tool(std::string_view name) {
  return {{"type", "function"}, {"function", base::json::object{{"name", name}}}};
}

TEST(EngineAnswers, TellsModelsOfToolsThatTheirTemplateDoesNotKnow) {
  const std::unique_ptr<Engine> engine = load("llama", {.context_tokens_max = 1024});
  chat::Request request = chat_about("hi");
  request.completion_tokens_max = 1;
  const auto prompt_tokens = [&] {
    return run_alone(*engine, request).finished->usage.prompt_tokens;
  };
  const std::size_t bare = prompt_tokens();
  request.tools = {tool("sum")};
  EXPECT_GT(prompt_tokens(), bare + base::json::serialize(tool("sum")).size());
  request.tool_choice = "none";
  EXPECT_EQ(prompt_tokens(), bare);
}

TEST(EngineAnswers, WritesOnWhereAnAnswerBrokeOffAsIfItHadNot) {
  const std::unique_ptr<Engine> engine = load();
  for (const bool chat : {true, false}) {
    std::size_t cuts = 0;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
      chat::Request request =
          chat ? chat_about(std::string(1, letter)) : completion(std::string(1, letter));
      request.sampling.temperature = 0;
      request.completion_tokens_max = 24;
      const Heard whole = run_alone(*engine, request);
      // Up to a byte that is none of a character, which a text cannot bring back.
      const std::string text = whole.text.substr(0, whole.text.find("\xEF\xBF\xBD"));
      for (std::size_t at = 1; at < text.size(); ++at) {
        if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) continue;
        request.begun = text.substr(0, at);
        const Heard rest = run_alone(*engine, request);
        const std::size_t same = std::min(rest.text.size(), text.size() - at);
        EXPECT_EQ(rest.text.substr(0, same), text.substr(at, same)) << "cut at " << at;
        EXPECT_GT(same, 0U);
        ++cuts;
      }
    }
    EXPECT_GT(cuts, 0U) << "no answer of any length, chat: " << chat;
  }
}

TEST(EngineAnswers, ReadsToolCallsAndThoughtsAsTheTemplateWritesThem) {
  gguf::Writer writer = model::tiny_writer("llama");
  writer.add(
      "tokenizer.chat_template",
      std::string("{% if tools %}<tool_call>{{ tools|length }}{{ tool_choice }}{% endif %}"
                  "{% for m in messages %}{% if m.tool_calls %}"
                  "{{ m.tool_calls[0].function.arguments.a }}{% endif %}{% endfor %}<think>"));
  auto engine = load_bytes(writer.to_bytes(), small_options());
  ASSERT_TRUE(engine);
  chat::Request request = chat_about("hi");
  const auto prompt_tokens = [&] {
    return run_alone(**engine, request).finished->usage.prompt_tokens;
  };
  const std::size_t bare = prompt_tokens();
  EXPECT_EQ(bare, 1U + 7U);
  request.tools = {tool("sum"), tool("now")};
  request.tool_choice = "auto";
  EXPECT_EQ(prompt_tokens(), bare + 11U + 1U + 4U);
  request.tools.clear();
  request.messages.push_back(base::json::object{
      {"role", "assistant"},
      {"tool_calls", base::json::array{base::json::object{
                         {"function", base::json::object{{"name", "sum"},
                                                         {"arguments", "{\"a\": \"xyz\"}"}}}}}}});
  request.tool_choice = nullptr;
  const Heard answer = run_alone(**engine, request);
  EXPECT_EQ(answer.finished->usage.prompt_tokens, bare + 3U);
  // The prompt opens the thoughts, which this model never closes.
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer.finished->usage.reasoning_tokens, answer.finished->usage.completion_tokens);
}

}  // namespace
}  // namespace nearside::engine
