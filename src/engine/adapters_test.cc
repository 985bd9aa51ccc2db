#include "engine/adapters.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "engine/engine_for_test.h"

namespace nearside::engine {
namespace {

using base::Code;

std::unique_ptr<Engine> load_with_adapters(std::string_view architecture = "llama",
                                           const Options& options = small_options()) {
  std::unique_ptr<Engine> engine = load(architecture, options);
  EXPECT_TRUE(engine->add_adapter("day", mapped(model::tiny_adapter_file(architecture, 1))));
  EXPECT_TRUE(engine->add_adapter("night", mapped(model::tiny_adapter_file(architecture, 2))));
  return engine;
}

chat::Request with(const std::string& adapter, float scale = 1.0F) {
  chat::Request request = completion("the pump is", 24);
  request.sampling.temperature = 0.0F;
  request.logprobs = 0;
  if (!adapter.empty()) request.adapters = {{adapter, scale}};
  return request;
}

void expect_same(const Heard& a, const Heard& b) {
  EXPECT_EQ(a, b);
  ASSERT_EQ(a.logprobs.size(), b.logprobs.size());
  for (std::size_t i = 0; i < a.logprobs.size(); ++i)
    EXPECT_EQ(a.logprobs[i].logprob, b.logprobs[i].logprob);
}

TEST(Adapters, AnswerInOneBatchAsEachAlone) {
  for (const char* architecture : {"llama", "gemma3", "phi3"}) {
    const std::unique_ptr<Engine> together = load_with_adapters(architecture);
    const chat::Request requests[] = {with(""), with("day"), with("night"), with("day", 0.5F)};
    Answers answers;
    const Engine::Sink sink = answers.sink();
    for (RequestId id = 0; id < 4; ++id) ASSERT_TRUE(together->submit(id, requests[id]));
    while (together->step(sink)) {
    }
    for (RequestId id = 0; id < 4; ++id) {
      const std::unique_ptr<Engine> alone = load_with_adapters(architecture);
      expect_same(answers[id], run_alone(*alone, requests[id]));
      for (RequestId other = 0; other < id; ++other)
        EXPECT_NE(answers[id].logprobs.front().logprob, answers[other].logprobs.front().logprob);
    }
  }
}

// Keys and values that one adapter computed are wrong for all others.
TEST(Adapters, DoNotShareComputedPrefixes) {
  Options options = small_options();
  options.context_tokens_max = 256;
  options.share_prefixes_between_tenants = true;
  chat::Request plain = completion(std::string(130, 'p'), 4);
  plain.sampling.temperature = 0.0F;
  plain.logprobs = 0;
  chat::Request adapted = plain;
  adapted.adapters = {{"day", 1.0F}};
  const std::unique_ptr<Engine> engine = load_with_adapters("llama", options);
  run_alone(*engine, plain);
  expect_same(run_alone(*engine, adapted),
              run_alone(*load_with_adapters("llama", options), adapted));
  EXPECT_GT(run_alone(*engine, adapted).finished->usage.cached_tokens, 0U);
}

TEST(Adapters, ChangeVectorsToo) {
  const std::unique_ptr<Engine> engine = load_with_adapters();
  std::vector<std::vector<float>> vectors;
  for (const char* adapter : {"", "day", "night"}) {
    chat::Request request = with(adapter);
    request.kind = chat::Request::Kind::kEmbedding;
    request.inputs = {"a valve"};
    ASSERT_TRUE(engine->submit(1, request));
    while (engine->step([&](RequestId, const chat::Event& event) {
      if (const auto* embedded = std::get_if<chat::Embedded>(&event))
        vectors.push_back(embedded->vector);
    })) {
    }
  }
  ASSERT_EQ(vectors.size(), 3U);
  EXPECT_NE(vectors[0], vectors[1]);
  EXPECT_NE(vectors[1], vectors[2]);
}

TEST(Adapters, ThatAreNotLoadedAreRefusedNamingThoseThatAre) {
  const std::unique_ptr<Engine> engine = load_with_adapters();
  const base::Status unknown = engine->submit(1, with("weekend"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::kInvalidArgument);
  EXPECT_EQ(unknown.error().message,
            "no adapter weekend is loaded with this model; known are: day, night");
  chat::Request two = with("day");
  two.adapters.push_back({"night", 1.0F});
  EXPECT_EQ(engine->submit(1, two).error().code, Code::kUnsupported);
  EXPECT_EQ(engine->submit(1, with("day", NAN)).error().code, Code::kInvalidArgument);
  EXPECT_EQ(engine->submit(1, with("day", 101.0F)).error().code, Code::kInvalidArgument);
  EXPECT_TRUE(engine->submit(1, with("day", 100.0F)));
}

TEST(Adapters, MustFitTheirModelAndHaveANameOfTheirOwn) {
  const std::unique_ptr<Engine> engine = load_with_adapters();
  const base::Status other = engine->add_adapter("third", mapped(model::tiny_adapter_file("phi3")));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kInvalidArgument);
  EXPECT_NE(other.error().message.find("adapter third: it was made for another model"),
            std::string::npos)
      << other.error().message;
  EXPECT_FALSE(engine->add_adapter("day", mapped(model::tiny_adapter_file("llama"))));
  EXPECT_FALSE(engine->add_adapter("text", mapped("no model at all, but some text")));
  EXPECT_EQ(
      load("bert")->add_adapter("day", mapped(model::tiny_adapter_file("llama"))).error().code,
      Code::kUnsupported);
}

TEST(Adapters, AreBoundedInNumber) {
  const std::unique_ptr<Engine> engine = load();
  const std::string file = model::tiny_adapter_file("llama");
  for (std::size_t i = 0; i < Adapters::kAdaptersMax; ++i)
    ASSERT_TRUE(engine->add_adapter(std::to_string(i), mapped(file)));
  EXPECT_EQ(engine->add_adapter("more", mapped(file)).error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace nearside::engine
