#include "kernels/peak.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/peak_loops.h"
#include "kernels/tables.h"

namespace nearside::kernels {

namespace {

constexpr std::size_t kReadProbeBytes = std::size_t{256} << 20;
constexpr std::size_t kReadProbePartBytes = std::size_t{1} << 20;

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

ReadProbe::ReadProbe() : buffer_(new std::byte[kReadProbeBytes]) {
  // Written once: untouched pages would all be the same page of zeros.
  std::memset(buffer_.get(), 1, kReadProbeBytes);
}

double ReadProbe::measure(base::ThreadPool& pool) {
  const auto read = best_loops().read;
  const std::size_t parts = kReadProbeBytes / kReadProbePartBytes;
  double best = 0;
  for (int run = 0; run < 4; ++run) {
    std::atomic<std::size_t> next{0};
    std::atomic<std::uint64_t> sink{0};
    const SteadyClock::time_point start = SteadyClock::now();
    // Small parts, taken in turn: a slow core does not hold the others up.
    pool.run([&](std::size_t) {
      std::uint64_t sum = 0;
      for (std::size_t part = next.fetch_add(1); part < parts; part = next.fetch_add(1))
        sum += read(buffer_.get() + part * kReadProbePartBytes, kReadProbePartBytes);
      sink += sum;
    });
    best = std::max(best, static_cast<double>(kReadProbeBytes) / seconds_since(start));
  }
  return best;
}

}  // namespace nearside::kernels
