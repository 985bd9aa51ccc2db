#include "kernels/peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/peak_loops.h"
#include "kernels/tables.h"

namespace nearside::kernels {

namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

PeakLoops best_loops() {
  const CpuFeatures features = detect_cpu_features();
  if (features.avx512 && avx512_functions() != nullptr) return avx512_peak_loops();
  if (features.avx2 && avx2_functions() != nullptr) return avx2_peak_loops();
  return scalar_peak_loops();
}

/// The best of five runs of all threads, of some milliseconds each.
double measure_operations(base::ThreadPool& pool, PeakLoop loop) {
  constexpr std::uint64_t kRounds = 200'000;
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    std::vector<double> operations(pool.size());
    const SteadyClock::time_point start = SteadyClock::now();
    pool.run([&](std::size_t worker) { operations[worker] = loop(kRounds); });
    double total = 0;
    for (const double count : operations) total += count;
    best = std::max(best, total / seconds_since(start));
  }
  return best;
}

}  // namespace

double measure_int8_peak(base::ThreadPool& pool) {
  return measure_operations(pool, best_loops().int8);
}

double measure_f32_peak(base::ThreadPool& pool) {
  return measure_operations(pool, best_loops().f32);
}

double measure_read_bandwidth(base::ThreadPool& pool) {
  constexpr std::size_t kBytes = std::size_t{256} << 20;
  const std::unique_ptr<std::byte[]> buffer(new std::byte[kBytes]);
  std::memset(buffer.get(), 1, kBytes);
  const auto read = best_loops().read;
  double best = 0;
  for (int run = 0; run < 4; ++run) {
    std::vector<std::uint64_t> sums(pool.size());
    const SteadyClock::time_point start = SteadyClock::now();
    pool.run([&](std::size_t worker) {
      const std::size_t part = kBytes / pool.size();
      sums[worker] = read(buffer.get() + worker * part, part);
    });
    best = std::max(best, static_cast<double>(kBytes) / seconds_since(start));
  }
  return best;
}

}  // namespace nearside::kernels
