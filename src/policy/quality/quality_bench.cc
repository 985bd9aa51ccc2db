// Time of one decision's predictions: eight targets, a short prompt and one of 4 KiB and more.
#include <string>

#include <benchmark/benchmark.h>

#include "policy/quality/quality_model.h"

namespace nearside::policy {
namespace {

std::string prompt(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i)
    text += "Machine " + std::to_string(i * 37) + " reports pressure and torque of gearbox " +
            std::to_string(i) + "; which part should be inspected first? ";
  text.resize(bytes);
  return text;
}

void BM_Predict(benchmark::State& state) {
  std::vector<JudgedPrompt> training;
  for (std::size_t i = 0; i < 64; ++i) {
    JudgedPrompt& one = training.emplace_back();
    one.prompt = prompt(200 + 40 * i);
    for (int t = 0; t < 8; ++t)
      one.scores["target" + std::to_string(t)] = (i + static_cast<std::size_t>(t)) % 3 == 0 ? 0 : 1;
  }
  const QualityModel model = *QualityModel::train(training, {});
  const std::string text = prompt(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(model.predict(text));
}
BENCHMARK(BM_Predict)->Arg(256)->Arg(1024)->Arg(4096)->Arg(32768)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace nearside::policy
