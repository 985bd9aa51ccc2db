// Who runs, who waits, who makes room, and what is not computed twice.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "engine/engine_for_test.h"

namespace nearside::engine {
namespace {

using base::Code;
using chat::Priority;

chat::Request of(Priority priority, std::string prompt, std::uint32_t tokens_max,
                 std::string tenant = "") {
  chat::Request request = completion(std::move(prompt), tokens_max);
  request.priority = priority;
  request.tenant = std::move(tenant);
  request.sampling.temperature = 0.0F;
  request.logit_bias = {{model::kTinyEnd, -1000.0F}};  // answers run to their limit
  return request;
}

std::size_t steps_to_first_token(Engine& engine, RequestId id, Answers& answers) {
  const Engine::Sink sink = answers.sink();
  std::size_t steps = 0;
  while (answers[id].deltas == 0 && !answers[id].finished) {
    EXPECT_TRUE(engine.step(sink));
    ++steps;
    if (steps > 1000) break;
  }
  return steps;
}

TEST(EngineScheduling, RealtimeStartsAsSoonUnderFullBatchLoadAsAlonePlusAStep) {
  for (const std::size_t prompt : {3U, 31U, 100U, 200U}) {
    Options options = small_options();
    options.context_tokens_max = 256;
    options.queue_max = 32;
    const std::unique_ptr<Engine> engine = load("llama", options);
    const chat::Request urgent = of(Priority::kRealtime, std::string(prompt, 'r'), 4);
    Answers alone;
    ASSERT_TRUE(engine->submit(1, urgent));
    const std::size_t unloaded = steps_to_first_token(*engine, 1, alone);

    // Prompts and answers in every place, and as many waiting.
    const std::unique_ptr<Engine> busy = load("llama", options);
    Answers answers;
    const Engine::Sink sink = answers.sink();
    for (RequestId id = 10; id < 18; ++id)
      ASSERT_TRUE(
          busy->submit(id, of(Priority::kBatch, std::string(id % 2 == 0 ? 5 : 180, 'b'), 60)));
    for (int i = 0; i < 3; ++i) busy->step(sink);
    ASSERT_TRUE(busy->submit(1, urgent));
    const std::size_t loaded = steps_to_first_token(*busy, 1, answers);
    EXPECT_LE(static_cast<double>(loaded), 1.3 * static_cast<double>(unloaded) + 1.0) << prompt;
    while (busy->step(sink)) {
    }
    for (RequestId id = 10; id < 18; ++id) EXPECT_TRUE(answers[id].finished) << id;
  }
}

TEST(EngineScheduling, InterruptedAnswersGoOnWhereTheyWere) {
  for (const std::size_t kept_tokens : {0U, 4096U}) {
    Options options = small_options();
    options.sequences_max = 1;
    options.prefix_cache_tokens = kept_tokens;
    const std::unique_ptr<Engine> engine = load("llama", options);
    chat::Request patient = completion(std::string(70, 'p'), 40);
    patient.priority = Priority::kBatch;
    patient.logit_bias = {{model::kTinyEnd, -1000.0F}};
    const Heard alone = run_alone(*load("llama", options), patient);
    Answers answers;
    const Engine::Sink sink = answers.sink();
    ASSERT_TRUE(engine->submit(1, patient));
    for (RequestId id = 2; id < 6; ++id) {
      for (int i = 0; i < 6; ++i) engine->step(sink);
      ASSERT_TRUE(engine->submit(id, of(Priority::kNormal, "quick", 3)));
    }
    while (engine->step(sink)) {
    }
    EXPECT_EQ(answers[1], alone);
    EXPECT_EQ(answers[1].finished->usage.prompt_tokens, 71U);
    for (RequestId id = 2; id < 6; ++id) EXPECT_TRUE(answers[id].finished);
  }
}

TEST(EngineScheduling, MoreUrgentRequestsOvertakeInTheQueue) {
  Options options = small_options();
  options.sequences_max = 1;
  const std::unique_ptr<Engine> engine = load("llama", options);
  std::vector<RequestId> ended;
  const Engine::Sink sink = [&](RequestId id, const chat::Event& event) {
    if (std::holds_alternative<chat::Finished>(event)) ended.push_back(id);
  };
  ASSERT_TRUE(engine->submit(1, of(Priority::kBatch, "a", 2)));
  ASSERT_TRUE(engine->submit(2, of(Priority::kNormal, "b", 2)));
  ASSERT_TRUE(engine->submit(3, of(Priority::kRealtime, "c", 2)));
  while (engine->step(sink)) {
  }
  EXPECT_EQ(ended, (std::vector<RequestId>{3, 2, 1}));
}

TEST(EngineScheduling, ATenantThatFloodsLeavesOthersTheirShare) {
  Options options = small_options();
  options.queue_max = 40;
  const std::unique_ptr<Engine> engine = load("llama", options);
  std::vector<RequestId> ended;
  const Engine::Sink sink = [&](RequestId id, const chat::Event& event) {
    if (std::holds_alternative<chat::Finished>(event)) ended.push_back(id);
  };
  for (RequestId id = 0; id < 30; ++id)
    ASSERT_TRUE(engine->submit(id, of(Priority::kNormal, "flood", 30, "greedy")));
  engine->step(sink);
  ASSERT_TRUE(engine->submit(100, of(Priority::kNormal, "mine", 30, "modest")));
  ASSERT_TRUE(engine->submit(101, of(Priority::kNormal, "mine", 30, "modest")));
  while (engine->step(sink)) {
  }
  ASSERT_EQ(ended.size(), 32U);
  // Both get places at once: no more than those that ran already end before.
  const auto last = std::find(ended.begin(), ended.end(), RequestId{101});
  EXPECT_LE(last - ended.begin(), 5);
}

TEST(EngineScheduling, RequestsThatAreOutOfTimeFailAtTheNextStep) {
  base::ManualClock clock{base::WallTime{}};
  Options options = small_options();
  options.sequences_max = 1;
  auto engine = load_bytes(model::tiny_file("llama"), options, clock);
  ASSERT_TRUE(engine);
  chat::Request hurried = of(Priority::kNormal, "hello", 100);
  hurried.time_max = std::chrono::milliseconds(50);
  Answers answers;
  const Engine::Sink sink = answers.sink();
  ASSERT_TRUE((*engine)->submit(1, hurried));
  ASSERT_TRUE((*engine)->submit(2, hurried));  // waits
  (*engine)->step(sink);
  (*engine)->step(sink);
  clock.advance(std::chrono::milliseconds(51));
  ASSERT_TRUE((*engine)->submit(3, hurried));
  (*engine)->step(sink);
  for (const RequestId id : {1U, 2U}) {
    ASSERT_TRUE(answers[id].failed) << id;
    EXPECT_EQ(answers[id].failed->error.code, Code::kDeadline);
  }
  EXPECT_GT(answers[1].failed->usage.completion_tokens, 0U);
  EXPECT_FALSE(answers[3].failed);
}

TEST(EngineScheduling, ASecondTurnComputesOnlyWhatIsNew) {
  Options options = small_options();
  options.context_tokens_max = 256;
  const std::unique_ptr<Engine> engine = load("llama", options);
  chat::Request first = of(Priority::kNormal, std::string(150, 'h'), 8);
  const Heard before = run_alone(*engine, first);
  EXPECT_EQ(before.finished->usage.cached_tokens, 0U);
  // The same again: all but the last token, whose scores are wanted.
  const Heard again = run_alone(*engine, first);
  EXPECT_EQ(again, before);
  EXPECT_EQ(again.finished->usage.cached_tokens, 128U);  // two whole pages of 151 tokens
  chat::Request longer = first;
  longer.prompt += std::string(60, 'i');
  const Heard cached = run_alone(*engine, longer);
  EXPECT_EQ(cached.finished->usage.cached_tokens, 128U);  // whole pages are kept
  EXPECT_EQ(cached, run_alone(*load("llama", options), longer));
}

TEST(EngineScheduling, PrefixesAreSharedBetweenTenantsOnlyWhereThatIsConfigured) {
  for (const bool shared : {false, true}) {
    Options options = small_options();
    options.share_prefixes_between_tenants = shared;
    const std::unique_ptr<Engine> engine = load("llama", options);
    run_alone(*engine, of(Priority::kNormal, std::string(100, 's'), 2, "a"));
    const Heard other = run_alone(*engine, of(Priority::kNormal, std::string(100, 's'), 2, "b"));
    EXPECT_EQ(other.finished->usage.cached_tokens > 0, shared);
  }
}

TEST(EngineScheduling, PrefixesStayWithinTheirBudgetWhateverIsAsked) {
  Options options = small_options();
  options.prefix_cache_tokens = 192;
  const std::unique_ptr<Engine> engine = load("llama", options);
  for (int round = 0; round < 3; ++round) {
    for (char letter = 'a'; letter < 'k'; ++letter) {
      const chat::Request request =
          of(Priority::kNormal, std::string(120, letter), 4, letter % 2 == 0 ? "even" : "odd");
      Options none = options;
      none.prefix_cache_tokens = 0;
      const Heard answer = run_alone(*engine, request);
      EXPECT_TRUE(answer.finished);
      if (round == 0) {
        EXPECT_EQ(answer, run_alone(*load("llama", none), request));
      }
    }
  }
}

/// A model whose answers repeat themselves: where nothing is random, tiny models soon go in
/// circles.
TEST(EngineScheduling, GuessesChangeHowSoonTokensComeAndNotWhich) {
  for (const float temperature : {0.0F, 0.4F}) {
    std::size_t saved = 0;
    for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
      const auto steps_of = [&](std::size_t guesses, Answers& answers) {
        Options options = small_options();
        options.context_tokens_max = 256;
        options.guessed_tokens_max = guesses;
        const std::unique_ptr<Engine> engine = load(architecture, options);
        const Engine::Sink sink = answers.sink();
        for (RequestId id = 0; id < 3; ++id) {
          chat::Request request = of(Priority::kNormal, "abcabcabcabc", 150);
          request.sampling.temperature = temperature;
          request.sampling.seed = id;
          request.logprobs = 1;
          EXPECT_TRUE(engine->submit(id, request));
        }
        std::size_t steps = 0;
        while (engine->step(sink)) ++steps;
        return steps;
      };
      Answers plain;
      Answers guessed;
      const std::size_t steps_plain = steps_of(0, plain);
      const std::size_t steps_guessed = steps_of(8, guessed);
      for (RequestId id = 0; id < 3; ++id) {
        EXPECT_EQ(plain[id], guessed[id]) << architecture;
        ASSERT_EQ(plain[id].logprobs.size(), guessed[id].logprobs.size());
        for (std::size_t i = 0; i < plain[id].logprobs.size(); ++i)
          ASSERT_EQ(plain[id].logprobs[i].logprob, guessed[id].logprobs[i].logprob) << i;
      }
      EXPECT_LE(steps_guessed, steps_plain);
      saved += steps_plain - steps_guessed;
    }
    if (temperature == 0.0F) {
      EXPECT_GT(saved, 0U);
    }
  }
}

TEST(EngineScheduling, GuessesReachTheLimitsAndNotBeyond) {
  for (std::uint32_t limit = 1; limit < 12; ++limit) {
    const std::unique_ptr<Engine> engine = load();
    const Heard answer = run_alone(*engine, of(Priority::kNormal, "aaaaaaaaaaaaaaaa", limit));
    EXPECT_EQ(answer.finished->usage.completion_tokens, limit);
  }
  chat::Request whole = of(Priority::kNormal, std::string(60, 'a'), 0);
  whole.completion_tokens_max.reset();
  const Heard answer = run_alone(*load(), whole);
  EXPECT_EQ(answer.finished->usage.prompt_tokens + answer.finished->usage.completion_tokens, 128U);
}

}  // namespace
}  // namespace nearside::engine
