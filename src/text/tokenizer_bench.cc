// Megabytes a second, on a vocabulary learned from the text itself.
#include <span>
#include <string>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "gguf/file.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer.h"

namespace nearside::text {
namespace {

/// Sentences with words that differ, so that few words repeat exactly.
std::string report(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i)
    text += "Pump P-" + std::to_string(i * 7919 % 10007) + " on line " + std::to_string(i % 13) +
            " leaks oil again; the operator can't restart conveyor " + std::to_string(i * 31) +
            ".\nFörderband steht, Pumpe läuft trocken!\n";
  return text;
}

std::unique_ptr<Tokenizer> trained(const std::string& text, const std::string& pre_tokenizer) {
  BpeTrainerOptions options;
  options.vocabulary_size = 1024;
  options.pre_tokenizer = pre_tokenizer;
  BpeTrainer trainer = BpeTrainer::create(options).value();
  trainer.add(text);
  gguf::Writer writer;
  add_vocabulary(trainer.learn(), {}, writer);
  const std::string bytes = writer.to_bytes();
  const gguf::File file =
      gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "trained").value();
  return Tokenizer::from_gguf(file).value();
}

void encode(benchmark::State& state, const std::string& text, const std::string& pre_tokenizer) {
  const std::unique_ptr<Tokenizer> tokenizer = trained(report(100'000), pre_tokenizer);
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer->encode(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

BENCHMARK_CAPTURE(encode, qwen2_report, report(1U << 20), "qwen2");
BENCHMARK_CAPTURE(encode, deepseek_report, report(1U << 20), "deepseek-llm");
BENCHMARK_CAPTURE(encode, qwen2_prompt, report(2000), "qwen2");
BENCHMARK_CAPTURE(encode, qwen2_one_letter, std::string(1U << 20, 'a'), "qwen2");
BENCHMARK_CAPTURE(encode, qwen2_spaces, std::string(1U << 20, ' '), "qwen2");

}  // namespace
}  // namespace nearside::text
