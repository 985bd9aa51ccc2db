// Products of the shapes language models have: GOP/s (an addition and a multiplication are two) and
// bytes of weights per second, beside the peaks measured in the same run (peak.h).
//
// One token is bound by reading weights, 512 by arithmetic: compare with read_bandwidth and with
// int8_peak (quantised types) or f32_peak (the others). Thread counts come from
// NEARSIDE_BENCH_THREADS.
#include <cstdlib>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/format.h"
#include "kernels/matmul.h"
#include "kernels/peak.h"
#include "kernels/tables.h"

namespace {

using namespace nearside;
using kernels::Format;

std::size_t threads() {
  const char* const text = std::getenv("NEARSIDE_BENCH_THREADS");
  return text != nullptr ? std::strtoul(text, nullptr, 10) : 1;
}

const kernels::Table& table() {
  const char* const name = std::getenv("NEARSIDE_KERNELS");
  const kernels::Table* const found = name != nullptr ? kernels::find_table(name) : nullptr;
  return found != nullptr ? *found : kernels::best_table();
}

void matmul(benchmark::State& state, const Format* format, std::size_t rows, std::size_t columns) {
  const auto tokens = static_cast<std::size_t>(state.range(0));
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  // One block repeated: quantising a whole matrix would take longer than the benchmark.
  std::vector<float> block(std::max<std::size_t>(format->block_elements, 256));
  for (float& value : block) value = normal(random);
  std::vector<std::byte> quantized(format->row_bytes(block.size()));
  format->quantize_row(block.data(), block.size(), quantized.data());
  std::vector<std::byte> bytes(rows * format->row_bytes(columns));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = quantized[i % quantized.size()];
  std::vector<float> x(tokens * columns);
  for (float& value : x) value = normal(random);
  std::vector<float> y(tokens * rows);
  base::ThreadPool pool(threads());
  kernels::Context context{table(), pool};
  const auto weights =
      kernels::Weights::prepare({format->type, rows, columns, bytes.data()}, table());
  for (auto _ : state) {
    kernels::matmul(weights, x.data(), tokens, y.data(), context);
    benchmark::DoNotOptimize(y.data());
  }
  const double runs = static_cast<double>(state.iterations());
  state.counters["GOP/s"] = benchmark::Counter(
      runs * 2e-9 * static_cast<double>(rows * columns * tokens), benchmark::Counter::kIsRate);
  state.counters["weight_GB/s"] = benchmark::Counter(
      runs * 1e-9 * static_cast<double>(bytes.size()), benchmark::Counter::kIsRate);
}

void int8_peak(benchmark::State& state) {
  base::ThreadPool pool(threads());
  double best = 0;
  for (auto _ : state) best = std::max(best, kernels::measure_int8_peak(pool));
  state.counters["GOP/s"] = best * 1e-9;
}

void f32_peak(benchmark::State& state) {
  base::ThreadPool pool(threads());
  double best = 0;
  for (auto _ : state) best = std::max(best, kernels::measure_f32_peak(pool));
  state.counters["GOP/s"] = best * 1e-9;
}

void read_bandwidth(benchmark::State& state) {
  base::ThreadPool pool(threads());
  double best = 0;
  kernels::ReadProbe probe;
  for (auto _ : state) best = std::max(best, probe.measure(pool));
  state.counters["weight_GB/s"] = best * 1e-9;
}

const bool kRegistered = [] {
  benchmark::RegisterBenchmark("int8_peak", int8_peak);
  benchmark::RegisterBenchmark("f32_peak", f32_peak);
  benchmark::RegisterBenchmark("read_bandwidth", read_bandwidth);
  for (const Format* format : kernels::formats())
    for (const auto& [rows, columns] :
         {std::pair<std::size_t, std::size_t>{4096, 4096}, {2048, 8192}})
      benchmark::RegisterBenchmark(
          (std::string(format->name) + "/" + std::to_string(rows) + "x" + std::to_string(columns))
              .c_str(),
          [=](benchmark::State& state) { matmul(state, format, rows, columns); })
          ->ArgName("tokens")
          ->Arg(1)
          ->Arg(8)
          ->Arg(512)
          ->UseRealTime();
  return true;
}();

}  // namespace
