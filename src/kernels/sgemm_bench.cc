// f32 products at the shapes of a small training step; reports floating-point operations a second.
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/sgemm.h"

namespace {

void Multiply(benchmark::State& state) {
  const auto m = static_cast<std::size_t>(state.range(0));
  const auto n = static_cast<std::size_t>(state.range(1));
  const auto k = static_cast<std::size_t>(state.range(2));
  const std::vector<float> a(m * k, 0.5F);
  const std::vector<float> b(n * k, 0.25F);
  std::vector<float> c(m * n);
  nearside::kernels::Sgemm sgemm;
  for (auto _ : state) {
    sgemm.multiply(m, n, k, {a.data(), k, 1}, {b.data(), 1, k}, c.data(), n, false);
    benchmark::DoNotOptimize(c.data());
  }
  state.counters["flops"] = benchmark::Counter(
      2.0 * static_cast<double>(m * n * k) * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}
BENCHMARK(Multiply)
    ->Args({640, 576, 192})
    ->Args({640, 192, 512})
    ->Args({192, 512, 640})
    ->Args({90, 90, 32});

}  // namespace
