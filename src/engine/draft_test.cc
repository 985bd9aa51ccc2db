#include "engine/draft.h"

#include <string>

#include <gtest/gtest.h>

#include "engine/engine_for_test.h"

namespace nearside::engine {
namespace {

using base::Code;

/// Answers of several requests at once, and the steps they took. The draft's file; "": none.
std::size_t run_three(const std::string& draft, float temperature, Answers& answers) {
  Options options = small_options();
  options.context_tokens_max = 256;
  options.sequences_max = 2;  // one waits, and takes over the place of another
  if (draft.empty()) options.guessed_tokens_max = 0;
  const std::unique_ptr<Engine> engine = load("llama", options);
  if (!draft.empty()) {
    EXPECT_TRUE(engine->set_draft(mapped(draft)));
  }
  const Engine::Sink sink = answers.sink();
  for (RequestId id = 0; id < 3; ++id) {
    chat::Request request = completion("request " + std::to_string(id), 60);
    request.sampling.temperature = temperature;
    request.sampling.seed = id;
    request.logprobs = 1;
    EXPECT_TRUE(engine->submit(id, request));
  }
  std::size_t steps = 0;
  while (engine->step(sink)) ++steps;
  return steps;
}

void expect_same(Answers& plain, Answers& guessed) {
  for (RequestId id = 0; id < 3; ++id) {
    EXPECT_EQ(plain[id], guessed[id]);
    ASSERT_EQ(plain[id].logprobs.size(), guessed[id].logprobs.size());
    for (std::size_t i = 0; i < plain[id].logprobs.size(); ++i)
      ASSERT_EQ(plain[id].logprobs[i].logprob, guessed[id].logprobs[i].logprob) << i;
  }
}

// The same weights guess every token right: as many steps less as guesses allow.
TEST(Draft, ThatGuessesWellGivesTheSameAnswersInFewerSteps) {
  Answers plain;
  Answers guessed;
  const std::size_t steps_plain = run_three("", 0.0F, plain);
  const std::size_t steps_guessed = run_three(model::tiny_file("llama"), 0.0F, guessed);
  expect_same(plain, guessed);
  EXPECT_LT(2 * steps_guessed, steps_plain);
}

TEST(Draft, ThatGuessesBadlyGivesTheSameAnswers) {
  for (const float temperature : {0.0F, 0.7F}) {
    Answers plain;
    Answers guessed;
    run_three("", temperature, plain);
    run_three(model::tiny_file("qwen2", 7), temperature, guessed);
    expect_same(plain, guessed);
  }
}

TEST(Draft, WithAShorterContextStopsGuessingAtItsEnd) {
  gguf::Writer writer = model::tiny_writer("llama");
  writer.add("llama.context_length", std::uint32_t{20});
  Answers plain;
  Answers guessed;
  run_three("", 0.0F, plain);
  run_three(writer.to_bytes(), 0.0F, guessed);
  expect_same(plain, guessed);
}

TEST(Draft, MustHaveTheModelsVocabularyAndGenerate) {
  gguf::Writer writer = model::tiny_writer("llama");
  std::vector<std::string> tokens;
  for (int i = 0; i < 258; ++i) tokens.push_back("token" + std::to_string(i));
  writer.add("tokenizer.ggml.tokens", std::move(tokens));
  const base::Status other = load()->set_draft(mapped(writer.to_bytes()));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kInvalidArgument);
  EXPECT_NE(other.error().message.find("another vocabulary"), std::string::npos)
      << other.error().message;
  EXPECT_EQ(load()->set_draft(mapped(model::tiny_file("bert"))).error().code,
            Code::kInvalidArgument);
  EXPECT_FALSE(load()->set_draft(mapped("no model at all, but some text")));
}

}  // namespace
}  // namespace nearside::engine
