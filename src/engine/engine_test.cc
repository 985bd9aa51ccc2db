#include "engine/engine.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "model/tiny_model.h"

namespace nearside::engine {
namespace {

using base::Code;
using chat::FinishReason;

const base::ManualClock kClock{base::WallTime{}};

/// What one request got.
struct Answer {
  std::string text;
  std::size_t deltas = 0;
  std::map<std::uint32_t, std::string> further;  // of choices after the first
  std::vector<std::uint32_t> ended;
  std::vector<chat::TokenLogprob> logprobs;
  std::optional<chat::Finished> finished;
  std::optional<chat::Failed> failed;
  friend bool operator==(const Answer& a, const Answer& b) {
    return a.text == b.text && a.finished.has_value() == b.finished.has_value() &&
           (!a.finished ||
            (a.finished->reason == b.finished->reason &&
             a.finished->usage.completion_tokens == b.finished->usage.completion_tokens));
  }
};

class Answers {
 public:
  Engine::Sink sink() {
    return [this](RequestId id, chat::Event event) {
      Answer& answer = answers_[id];
      EXPECT_FALSE(answer.finished || answer.failed) << "an event after the end";
      if (auto* delta = std::get_if<chat::TextDelta>(&event)) {
        EXPECT_FALSE(delta->text.empty() && delta->logprobs.empty());
        if (delta->choice > 0) {
          answer.further[delta->choice] += delta->text;
          return;
        }
        answer.text += delta->text;
        for (auto& logprob : delta->logprobs) answer.logprobs.push_back(std::move(logprob));
        ++answer.deltas;
      } else if (auto* ended = std::get_if<chat::ChoiceEnded>(&event)) {
        answer.ended.push_back(ended->choice);
      } else if (auto* finished = std::get_if<chat::Finished>(&event)) {
        answer.finished = *finished;
      } else if (auto* failed = std::get_if<chat::Failed>(&event)) {
        answer.failed = *failed;
      }
    };
  }
  Answer& operator[](RequestId id) { return answers_[id]; }
  [[nodiscard]] std::size_t size() const { return answers_.size(); }

 private:
  std::map<RequestId, Answer> answers_;
};

base::Result<std::unique_ptr<Engine>> load_bytes(const std::string& bytes, const Options& options) {
  const std::string path =
      testing::TempDir() + "nearside-engine-test-" + std::to_string(::getpid()) + ".gguf";
  EXPECT_TRUE(base::write_file_atomic(path, bytes));
  auto mapping = base::MappedFile::open(path);
  std::remove(path.c_str());
  return Engine::load(std::move(*mapping), "tiny", options, kClock);
}

Options small_options() {
  Options options;
  options.sequences_max = 4;
  options.queue_max = 4;
  options.batch_tokens_max = 32;
  options.context_tokens_max = 128;
  return options;
}

std::unique_ptr<Engine> load(std::string_view architecture = "llama",
                             const Options& options = small_options()) {
  auto engine = load_bytes(model::tiny_file(architecture), options);
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(*engine);
}

chat::Request completion(std::string prompt, std::uint32_t tokens_max = 12) {
  chat::Request request;
  request.kind = chat::Request::Kind::kCompletion;
  request.prompt = std::move(prompt);
  request.completion_tokens_max = tokens_max;
  request.sampling.seed = 42;
  return request;
}

Answer run_alone(Engine& engine, const chat::Request& request) {
  Answers answers;
  EXPECT_TRUE(engine.submit(9, request));
  const Engine::Sink sink = answers.sink();
  while (engine.step(sink)) {
  }
  return answers[9];
}

TEST(Engine, AnswersACompletionAndCountsTokens) {
  const std::unique_ptr<Engine> engine = load();
  const Answer answer = run_alone(*engine, completion("hello"));
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
    const Answer alone = run_alone(*engine, watched);
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
  const Answer answer = run_alone(*engine, request);
  ASSERT_TRUE(answer.finished);
  EXPECT_EQ(answer.finished->reason, FinishReason::kLength);
  EXPECT_EQ(answer.finished->usage.completion_tokens, 3U);
}

TEST(Engine, LimitOfNothingGeneratesNothing) {
  const Answer answer = run_alone(*load(), completion("hello", 0));
  ASSERT_TRUE(answer.finished);
  EXPECT_EQ(answer.finished->reason, FinishReason::kLength);
  EXPECT_EQ(answer.text, "");
}

TEST(Engine, EndsForLengthWhereTheContextEnds) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion(std::string(120, 'a'));
  request.completion_tokens_max.reset();
  request.sampling.temperature = 0.0F;
  const Answer answer = run_alone(*engine, request);
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
  const Answer stopped = run_alone(*engine, request);
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

TEST(Engine, SaysWhichStringStopped) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion("hello", 60);
  const std::string whole = run_alone(*engine, request).text;
  const std::size_t at = whole.find_first_of("abcdefghijklmnopqrstuvwxyz");
  ASSERT_NE(at, std::string::npos) << "another seed must be chosen";
  request.stop = {"not there", whole.substr(at, 1)};
  EXPECT_EQ(run_alone(*engine, request).finished->stop_sequence, whole.substr(at, 1));
}

TEST(Engine, ChoicesAreThoseOfTheirSeedsAndTheFirstIsWhatOneWouldBe) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion(std::string(100, 'q'), 12);
  const Answer alone = run_alone(*engine, request);
  request.choices = 6;  // more than run at once
  const Answer several = run_alone(*engine, request);
  EXPECT_EQ(several.text, alone.text);
  EXPECT_EQ(several.ended.size(), 6U);
  std::set<std::string> different{several.text};
  for (const auto& [choice, text] : several.further) different.insert(text);
  EXPECT_GE(different.size(), 4U);
  EXPECT_EQ(several.finished->usage.prompt_tokens, 101U);
  EXPECT_GT(several.finished->usage.completion_tokens, 12U);
  EXPECT_EQ(run_alone(*engine, request).further, several.further);
}

TEST(Engine, ChoicesReadTheirPromptOnce) {
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

TEST(Engine, CancellingEndsEveryChoice) {
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

TEST(Engine, LogprobsAreOfTheModelsOwnScores) {
  const std::unique_ptr<Engine> engine = load();
  chat::Request request = completion("hello", 6);
  request.logprobs = 3;
  request.sampling.temperature = 0.0F;
  const Answer plain = run_alone(*engine, request);
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
  const Answer forced = run_alone(*engine, biased);
  ASSERT_FALSE(forced.logprobs.empty());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(forced.logprobs[0].top[i].bytes, plain.logprobs[0].top[i].bytes);
    EXPECT_EQ(forced.logprobs[0].top[i].logprob, plain.logprobs[0].top[i].logprob);
  }
}

TEST(Engine, BiasMakesOrForbidsATokenAndReachesNobodyElse) {
  const std::unique_ptr<Engine> engine = load();
  const chat::Request plain = completion("hello", 5);
  const Answer before = run_alone(*engine, plain);
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

TEST(Engine, RefusesWhatItCannotHonour) {
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

TEST(Engine, TellsModelsOfToolsThatTheirTemplateDoesNotKnow) {
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

TEST(Engine, ReadsToolCallsAndThoughtsAsTheTemplateWritesThem) {
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
  request.tool_choice = "required";
  EXPECT_EQ(prompt_tokens(), bare + 11U + 1U + 8U);
  request.tools.clear();
  request.messages.push_back(base::json::object{
      {"role", "assistant"},
      {"tool_calls", base::json::array{base::json::object{
                         {"function", base::json::object{{"name", "sum"},
                                                         {"arguments", "{\"a\": \"xyz\"}"}}}}}}});
  request.tool_choice = nullptr;
  const Answer answer = run_alone(**engine, request);
  EXPECT_EQ(answer.finished->usage.prompt_tokens, bare + 3U);
  // The prompt opens the thoughts, which this model never closes.
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer.finished->usage.reasoning_tokens, answer.finished->usage.completion_tokens);
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
  const Answer answer = run_alone(**engine, completion("hello"));
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
