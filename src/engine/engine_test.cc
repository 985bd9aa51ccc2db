#include "engine/engine.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine_for_test.h"

namespace nearside::engine {
namespace {

using base::Code;
using chat::FinishReason;

TEST(Engine, AnswersACompletionAndCountsTokens) {
  const std::unique_ptr<Engine> engine = load();
  const Heard answer = run_alone(*engine, completion("hello"));
  ASSERT_TRUE(answer.finished);
  EXPECT_EQ(answer.finished->usage.prompt_tokens, 6U);  // BOS and five bytes
  EXPECT_LE(answer.finished->usage.completion_tokens, 12U);
  EXPECT_GE(answer.finished->usage.completion_tokens, 1U);
  EXPECT_FALSE(engine->step([](RequestId, const chat::Event&) {}));
}

TEST(Engine, TellsWhatItLoaded) {
  const std::unique_ptr<Engine> engine = load("qwen3");
  EXPECT_EQ(engine->info().name, "tiny");
  EXPECT_EQ(engine->info().architecture, "qwen3");
  EXPECT_EQ(engine->info().context_tokens_max, 128U);
  EXPECT_EQ(engine->info().vocabulary_tokens, model::kTinyVocabulary);
  EXPECT_TRUE(engine->info().has_chat_template);
  EXPECT_GT(engine->info().parameters, 0U);
}

TEST(Engine, LowersTheContextToTheModels) {
  Options options = small_options();
  options.context_tokens_max = 1'000'000;
  EXPECT_EQ(load("llama", options)->info().context_tokens_max, 256U);
}

TEST(Engine, EqualSeedsGiveEqualAnswersWhateverElseIsInTheBatch) {
  for (const char* architecture : {"llama", "gemma3"}) {
    const std::unique_ptr<Engine> engine = load(architecture);
    const chat::Request watched = completion("the quick brown fox", 20);
    const Heard alone = run_alone(*engine, watched);
    Answers answers;
    const Engine::Sink sink = answers.sink();
    ASSERT_TRUE(engine->submit(1, completion(std::string(60, 'x'), 30)));
    engine->step(sink);
    ASSERT_TRUE(engine->submit(2, watched));
    ASSERT_TRUE(engine->submit(3, completion("another", 5)));
    ASSERT_TRUE(engine->submit(4, completion(std::string(80, 'y'), 9)));
    ASSERT_TRUE(engine->submit(5, watched));
    while (engine->step(sink)) {
    }
    EXPECT_EQ(answers[2], alone);
    EXPECT_EQ(answers[5], alone);
  }
}

TEST(Engine, OtherThreadsAndBatchSizesGiveTheSameAnswer) {
  Options wide = small_options();
  wide.threads = 3;
  wide.batch_tokens_max = 7;
  const chat::Request request = completion("numbers and words", 20);
  EXPECT_EQ(run_alone(*load("qwen2"), request), run_alone(*load("qwen2", wide), request));
}

TEST(Engine, OtherSeedsGiveOtherAnswers) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request other = completion("hello", 20);
  other.sampling.seed = 43;
  EXPECT_FALSE(run_alone(*engine, completion("hello", 20)) == run_alone(*engine, other));
}

TEST(Engine, EndsForLengthAtTheLimitAskedFor) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion("hello", 3);
  request.sampling.temperature = 0.0F;
  const Heard answer = run_alone(*engine, request);
  ASSERT_TRUE(answer.finished);
  EXPECT_EQ(answer.finished->reason, FinishReason::kLength);
  EXPECT_EQ(answer.finished->usage.completion_tokens, 3U);
}

TEST(Engine, LimitOfNothingGeneratesNothing) {
  const Heard answer = run_alone(*load(), completion("hello", 0));
  ASSERT_TRUE(answer.finished);
  EXPECT_EQ(answer.finished->reason, FinishReason::kLength);
  EXPECT_EQ(answer.text, "");
}

TEST(Engine, EndsForLengthWhereTheContextEnds) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion(std::string(120, 'a'));
  request.completion_tokens_max.reset();
  request.sampling.temperature = 0.0F;
  const Heard answer = run_alone(*engine, request);
  ASSERT_TRUE(answer.finished);
  if (answer.finished->reason == FinishReason::kLength) {
    EXPECT_EQ(answer.finished->usage.prompt_tokens + answer.finished->usage.completion_tokens,
              128U);
  }
}

TEST(Engine, RefusesAPromptThatFillsTheContext) {
  const std::unique_ptr<Engine> engine = load();
  const base::Status status = engine->submit(1, completion(std::string(127, 'a')));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kContextLength);
  EXPECT_TRUE(engine->submit(1, completion(std::string(126, 'a'))));
}

TEST(Engine, StopStringEndsTheAnswerAndIsNotPartOfIt) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion("hello", 60);
  const std::string whole = run_alone(*engine, request).text;
  // Three ASCII characters are three tokens here, so the stop arrives in pieces.
  std::size_t begin = 0;
  while (begin + 3 <= whole.size() &&
         !std::all_of(&whole[begin], &whole[begin] + 3, [](char c) { return c > ' '; }))
    ++begin;
  ASSERT_LE(begin + 3, whole.size()) << "another seed must be chosen";
  request.stop = {whole.substr(begin, 3)};
  const Heard stopped = run_alone(*engine, request);
  EXPECT_EQ(stopped.text, whole.substr(0, whole.find(request.stop[0])));
  EXPECT_EQ(stopped.finished->reason, FinishReason::kStop);
}

TEST(Engine, QueueIsBoundedAndWaitingRequestsAreServedInTurn) {
  const std::unique_ptr<Engine> engine = load();
  for (RequestId id = 0; id < 8; ++id) ASSERT_TRUE(engine->submit(id, completion("hi")));
  const base::Status ninth = engine->submit(8, completion("hi"));
  ASSERT_FALSE(ninth);
  EXPECT_EQ(ninth.error().code, Code::kExhausted);
  Answers answers;
  const Engine::Sink sink = answers.sink();
  while (engine->step(sink)) {
  }
  EXPECT_EQ(answers.size(), 8U);
  for (RequestId id = 0; id < 8; ++id) EXPECT_TRUE(answers[id].finished);
}

TEST(Engine, CancelledRequestsSayNothingMore) {
  const std::unique_ptr<Engine> engine = load();
  Answers answers;
  const Engine::Sink sink = answers.sink();
  ASSERT_TRUE(engine->submit(1, completion("hello", 50)));
  ASSERT_TRUE(engine->submit(2, completion("hello", 5)));
  engine->step(sink);
  engine->cancel(1);
  engine->cancel(77);
  const std::string before = answers[1].text;
  while (engine->step(sink)) {
  }
  EXPECT_EQ(answers[1].text, before);
  EXPECT_FALSE(answers[1].finished);
  EXPECT_TRUE(answers[2].finished);
}

TEST(Engine, SinkMayCancelWithinTheStep) {
  const std::unique_ptr<Engine> engine = load();
  std::size_t events = 0;
  ASSERT_TRUE(engine->submit(1, completion("hello", 50)));
  const Engine::Sink sink = [&](RequestId id, const chat::Event&) {
    ++events;
    engine->cancel(id);
  };
  while (engine->step(sink)) {
  }
  EXPECT_EQ(events, 1U);
  EXPECT_TRUE(engine->submit(1, completion("again", 2)));
}

TEST(Engine, CancelledWaitingRequestNeverRuns) {
  const std::unique_ptr<Engine> engine = load();
  Answers answers;
  const Engine::Sink sink = answers.sink();
  for (RequestId id = 0; id < 6; ++id) ASSERT_TRUE(engine->submit(id, completion("hi")));
  engine->cancel(5);
  while (engine->step(sink)) {
  }
  EXPECT_EQ(answers.size(), 5U);
}

TEST(Engine, RendersAChatWithTheModelsTemplate) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion("");
  request.kind = chat::Request::Kind::kChat;
  request.messages = {base::json::object{{"role", "user"}, {"content", "hi"}}};
  // The template writes BOS itself: 1 + "user: hi\n" + "assistant:", and no second one.
  EXPECT_EQ(run_alone(*engine, request).finished->usage.prompt_tokens, 1U + 9U + 10U);
}

TEST(Engine, FlattensContentGivenAsParts) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion("");
  request.kind = chat::Request::Kind::kChat;
  request.messages = {base::json::object{
      {"role", "user"},
      {"content", base::json::array{base::json::object{{"type", "text"}, {"text", "a"}},
                                    base::json::object{{"type", "text"}, {"text", "b"}}}}}};
  EXPECT_EQ(run_alone(*engine, request).finished->usage.prompt_tokens, 1U + 10U + 10U);
  request.messages = {base::json::object{
      {"role", "user"}, {"content", base::json::array{base::json::object{{"type", "image_url"}}}}}};
  const base::Status refused = engine->submit(1, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
}

TEST(Engine, RefusesSamplingThatMakesNoSense) {
  chat::Request request = completion("hello");
  request.sampling.temperature = -1.0F;
  const base::Status status = load()->submit(1, request);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalidArgument);
}

TEST(Engine, RefusesOptionsThatMakeNoSense) {
  for (const auto& spoil : std::vector<std::function<void(Options&)>>{
           [](Options& o) { o.threads = 0; }, [](Options& o) { o.sequences_max = 0; },
           [](Options& o) { o.batch_tokens_max = 0; }, [](Options& o) { o.context_tokens_max = 1; },
           [](Options& o) { o.threads = 1'000'000; }}) {
    Options options = small_options();
    spoil(options);
    const auto engine = load_bytes(model::tiny_file("llama"), options);
    ASSERT_FALSE(engine);
    EXPECT_EQ(engine.error().code, Code::kInvalidArgument);
  }
}

TEST(Engine, RefusesACacheThatNoMachineHolds) {
  gguf::Writer writer = model::tiny_writer("llama");
  writer.add("llama.context_length", std::uint32_t{1} << 27U);
  Options options = small_options();
  options.context_tokens_max = std::size_t{1} << 27U;
  options.sequences_max = 4096;
  const auto engine = load_bytes(writer.to_bytes(), options);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, Code::kTooLarge);
}

TEST(Engine, DamagedWeightsFailTheRequestAndNotTheProcess) {
  gguf::Writer writer = model::tiny_writer("llama");
  writer.add_tensor("output.weight", gguf::TensorType::kF32, {32, model::kTinyVocabulary},
                    [](std::span<std::byte> out) {
                      for (std::byte& byte : out) byte = std::byte{0xFF};  // not-a-number
                    });
  auto engine = load_bytes(writer.to_bytes(), small_options());
  ASSERT_TRUE(engine);
  const Heard answer = run_alone(**engine, completion("hello"));
  ASSERT_TRUE(answer.failed);
  EXPECT_EQ(answer.failed->error.code, Code::kCorrupt);
  EXPECT_EQ(answer.failed->usage.prompt_tokens, 6U);
}

TEST(Engine, MoreTokensThanTheEmbeddingHasRowsIsCorrupt) {
  gguf::Writer writer = model::tiny_writer("llama");
  std::vector<std::string> tokens;
  for (int i = 0; i < 300; ++i) tokens.push_back("t" + std::to_string(i));
  writer.add("tokenizer.ggml.tokens", tokens);
  writer.add("tokenizer.ggml.token_type", std::vector<std::int32_t>(300, 1));
  const auto engine = load_bytes(writer.to_bytes(), small_options());
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace nearside::engine
