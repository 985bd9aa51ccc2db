// Tiny engines and what their requests hear, for tests.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/engine.h"
#include "model/tiny_model.h"

namespace nearside::engine {

inline const base::ManualClock kClock{base::WallTime{}};

/// What one request got.
struct Heard {
  std::string text;
  std::size_t deltas = 0;
  std::map<std::uint32_t, std::string> further;  // of choices after the first
  std::vector<std::uint32_t> ended;
  std::vector<chat::TokenLogprob> logprobs;
  std::optional<chat::Finished> finished;
  std::optional<chat::Failed> failed;
  friend bool operator==(const Heard& a, const Heard& b) {
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
      Heard& answer = answers_[id];
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
  Heard& operator[](RequestId id) { return answers_[id]; }
  [[nodiscard]] std::size_t size() const { return answers_.size(); }

 private:
  std::map<RequestId, Heard> answers_;
};

inline base::MappedFile mapped(const std::string& bytes) {
  const std::string path =
      testing::TempDir() + "nearside-engine-test-" + std::to_string(::getpid()) + ".gguf";
  EXPECT_TRUE(base::write_file_atomic(path, bytes));
  auto mapping = base::MappedFile::open(path);
  std::remove(path.c_str());
  return std::move(*mapping);
}

inline base::Result<std::unique_ptr<Engine>> load_bytes(const std::string& bytes,
                                                        const Options& options,
                                                        const base::Clock& clock = kClock) {
  return Engine::load(mapped(bytes), "tiny", options, clock);
}

inline Options small_options() {
  Options options;
  options.sequences_max = 4;
  options.queue_max = 4;
  options.batch_tokens_max = 32;
  options.context_tokens_max = 128;
  return options;
}

inline std::unique_ptr<Engine> load(std::string_view architecture = "llama",
                                    const Options& options = small_options()) {
  auto engine = load_bytes(model::tiny_file(architecture), options);
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(*engine);
}

inline chat::Request completion(std::string prompt, std::uint32_t tokens_max = 12) {
  chat::Request request;
  request.kind = chat::Request::Kind::kCompletion;
  request.prompt = std::move(prompt);
  request.completion_tokens_max = tokens_max;
  request.sampling.seed = 42;
  return request;
}

inline Heard run_alone(Engine& engine, const chat::Request& request) {
  Answers answers;
  EXPECT_TRUE(engine.submit(9, request));
  const Engine::Sink sink = answers.sink();
  while (engine.step(sink)) {
  }
  return answers[9];
}

}  // namespace nearside::engine
