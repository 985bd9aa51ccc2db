// What the egress filter costs a token.
#include <benchmark/benchmark.h>

#include "vault/egress_filter.h"

using namespace nearside::vault;

namespace {

void one_token(benchmark::State& state) {
  std::vector<ProtectedText> texts;
  for (int i = 0; i < state.range(0); ++i) {
    std::string text;
    for (int j = 0; j < 200; ++j)
      text += "rule " + std::to_string(i * 1000 + j) + " must be kept; ";
    texts.push_back({"text-" + std::to_string(i), text});
  }
  EgressFilter filter(EgressPatterns::create(texts).value());
  const std::string token = " pressure";  // long for a token
  for (auto _ : state) benchmark::DoNotOptimize(filter.push(token));
}

}  // namespace

BENCHMARK(one_token)->Arg(1)->Arg(32);
