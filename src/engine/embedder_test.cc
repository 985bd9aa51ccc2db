#include "engine/embedder.h"

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine_for_test.h"

namespace nearside::engine {
namespace {

using base::Code;

chat::Request embedding(std::vector<std::string> inputs, std::uint32_t dimensions = 0) {
  chat::Request request;
  request.kind = chat::Request::Kind::kEmbedding;
  request.inputs = std::move(inputs);
  request.dimensions = dimensions;
  return request;
}

std::unique_ptr<Engine> load_pooling(std::uint32_t pooling, const Options& options) {
  gguf::Writer writer = model::tiny_writer("llama");
  writer.add("llama.pooling_type", pooling);
  auto engine = load_bytes(writer.to_bytes(), options);
  EXPECT_TRUE(engine);
  return std::move(*engine);
}

struct Vectors {
  std::map<std::uint32_t, std::vector<float>> of;
  std::optional<chat::Finished> finished;
};

Vectors run(Engine& engine, const chat::Request& request) {
  Vectors vectors;
  EXPECT_TRUE(engine.submit(5, request));
  const Engine::Sink sink = [&](RequestId, const chat::Event& event) {
    if (const auto* embedded = std::get_if<chat::Embedded>(&event))
      vectors.of[embedded->input] = embedded->vector;
    if (const auto* end = std::get_if<chat::Finished>(&event)) vectors.finished = *end;
  };
  while (engine.step(sink)) {
  }
  return vectors;
}

double length(const std::vector<float>& vector) {
  double square = 0.0;
  for (const float x : vector) square += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(square);
}

TEST(Embedder, GivesEveryInputAVectorOfLengthOne) {
  for (const std::uint32_t pooling : {0U, 1U, 2U, 3U}) {
    const auto engine = load_pooling(pooling, small_options());
    const Vectors vectors = run(*engine, embedding({"a pump", "a valve", std::string(100, 'x')}));
    ASSERT_TRUE(vectors.finished);
    ASSERT_EQ(vectors.of.size(), 3U);
    for (const auto& [input, vector] : vectors.of) {
      EXPECT_EQ(vector.size(), 32U);
      EXPECT_NEAR(length(vector), 1.0, 1e-5);
    }
    EXPECT_EQ(vectors.finished->usage.prompt_tokens, 7U + 8U + 101U);
    // Every input begins with the same token, whose state looks back on nothing.
    EXPECT_EQ(vectors.of.at(0) == vectors.of.at(1), pooling == 2U);
  }
}

// An encoder sees a text whole, however short a step is.
TEST(Embedder, MakesVectorsWithAnEncoder) {
  Options small_steps = small_options();
  small_steps.batch_tokens_max = 7;
  const chat::Request request = embedding({"a pump", std::string(100, 'x')});
  const std::unique_ptr<Engine> engine = load("bert", small_steps);
  const Vectors vectors = run(*engine, request);
  EXPECT_EQ(vectors.of, run(*load("bert"), request).of);
  ASSERT_EQ(vectors.of.size(), 2U);
  EXPECT_NEAR(length(vectors.of.at(1)), 1.0, 1e-5);
  const base::Status text = engine->submit(1, completion("hello"));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::kUnsupported);
  EXPECT_NE(text.error().message.find("vectors"), std::string::npos) << text.error().message;
}

TEST(Embedder, VectorsDoNotDependOnStepsThreadsOrNeighbours) {
  Options small_steps = small_options();
  small_steps.batch_tokens_max = 7;
  small_steps.threads = 2;
  const chat::Request request = embedding({std::string(90, 'q'), "short"});
  const Vectors alone = run(*load_pooling(1, small_options()), request);
  const auto engine = load_pooling(1, small_steps);
  ASSERT_TRUE(engine->submit(1, completion("beside", 20)));
  const Vectors beside = run(*engine, request);
  EXPECT_EQ(alone.of, beside.of);
}

TEST(Embedder, DimensionsCutAndLengthenAgain) {
  const auto engine = load_pooling(1, small_options());
  const Vectors whole = run(*engine, embedding({"a pump"}));
  const Vectors cut = run(*engine, embedding({"a pump"}, 8));
  ASSERT_EQ(cut.of.at(0).size(), 8U);
  EXPECT_NEAR(length(cut.of.at(0)), 1.0, 1e-5);
  EXPECT_NEAR(cut.of.at(0)[1] / cut.of.at(0)[0], whole.of.at(0)[1] / whole.of.at(0)[0], 1e-3);
}

TEST(Embedder, RefusesWhatHasNoVector) {
  const auto engine = load_pooling(1, small_options());
  EXPECT_EQ(engine->submit(1, embedding({})).error().code, Code::kInvalidArgument);
  EXPECT_EQ(engine->submit(1, embedding({"a", ""})).error().code, Code::kInvalidArgument);
  EXPECT_EQ(engine->submit(1, embedding({"a"}, 33)).error().code, Code::kInvalidArgument);
  EXPECT_EQ(engine->submit(1, embedding({std::string(200, 'a')})).error().code,
            Code::kContextLength);
}

TEST(Embedder, CancelledRequestsSayNothingMore) {
  const auto engine = load_pooling(1, small_options());
  std::size_t events = 0;
  const Engine::Sink sink = [&](RequestId id, const chat::Event&) {
    ++events;
    engine->cancel(id);
  };
  ASSERT_TRUE(engine->submit(1, embedding({"one", "two", "three"})));
  while (engine->step(sink)) {
  }
  EXPECT_EQ(events, 1U);
}

}  // namespace
}  // namespace nearside::engine
