// What guessing tokens gains: the demo model's task, and text that goes in circles.
//
// Counters: tokens_per_step (1 without guesses) and tokens_per_second of one answer after another.
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "engine/engine.h"
#include "model/tiny_model.h"

namespace nearside::engine {
namespace {

const base::SystemClock kRealClock;
constexpr std::size_t kMessages = 60;

std::vector<chat::Request> triage_requests() {
  std::vector<chat::Request> requests;
  for (const char* set : {"en", "en-messy", "de", "de-messy"}) {
    std::ifstream file("examples/triage/held-out/" + std::string(set) + ".jsonl");
    std::string line;
    for (std::size_t i = 0; i < kMessages / 4 && std::getline(file, line); ++i) {
      const base::json::value record = *base::parse_json(line);
      chat::Request request;
      for (const base::json::value& message : record.at("messages").as_array())
        if (message.at("role") != "assistant") request.messages.push_back(message);
      request.sampling.temperature = 0.0F;
      request.completion_tokens_max = 100;
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

void run(benchmark::State& state, Engine& engine, const std::vector<chat::Request>& requests) {
  std::size_t steps = 0;
  std::size_t tokens = 0;
  const Engine::Sink sink = [&](RequestId, const chat::Event& event) {
    if (const auto* end = std::get_if<chat::Finished>(&event))
      tokens += end->usage.completion_tokens;
  };
  for (auto _ : state) {
    for (const chat::Request& request : requests) {
      if (!engine.submit(1, request)) return state.SkipWithError("a request was refused");
      while (engine.step(sink)) ++steps;
    }
  }
  state.counters["tokens_per_step"] = static_cast<double>(tokens) / static_cast<double>(steps);
  state.counters["tokens_per_second"] =
      benchmark::Counter(static_cast<double>(tokens), benchmark::Counter::kIsRate);
}

void triage(benchmark::State& state) {
  const std::vector<chat::Request> requests = triage_requests();
  auto file = base::MappedFile::open("models/triage-large.gguf");
  if (!file || requests.empty()) return state.SkipWithError("run from the repository's root");
  Options options;
  options.threads = 1;
  options.sequences_max = 1;
  options.prefix_cache_tokens = 0;
  options.guessed_tokens_max = static_cast<std::size_t>(state.range(0));
  auto engine = Engine::load(std::move(*file), "triage", options, kRealClock);
  if (!engine) return state.SkipWithError(engine.error().message.c_str());
  run(state, **engine, requests);
}

void circles(benchmark::State& state) {
  const std::string path = "speculation_bench.gguf";
  if (!base::write_file_atomic(path, model::tiny_file("llama")))
    return state.SkipWithError("cannot write a model here");
  auto file = base::MappedFile::open(path);
  std::remove(path.c_str());
  Options options;
  options.sequences_max = 1;
  options.prefix_cache_tokens = 0;
  options.guessed_tokens_max = static_cast<std::size_t>(state.range(0));
  auto engine = Engine::load(std::move(*file), "tiny", options, kRealClock);
  chat::Request request;
  request.kind = chat::Request::Kind::kCompletion;
  request.prompt = "abcabcabcabc";
  request.completion_tokens_max = 200;
  request.sampling.temperature = 0.0F;
  run(state, **engine, {request});
}

BENCHMARK(triage)->Arg(0)->Arg(4)->Arg(8)->ArgName("guesses")->Unit(benchmark::kMillisecond);
BENCHMARK(circles)->Arg(0)->Arg(8)->ArgName("guesses")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nearside::engine
