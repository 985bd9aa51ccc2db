#include "cli/read_bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nearside::cli {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{512} << 20U;
constexpr int kPasses = 5;

/// Eight sums that do not wait for each other, so that loads are all there is to wait for.
std::uint64_t read_all(const std::uint64_t* words, std::size_t count) {
  std::uint64_t sums[8] = {};
  for (std::size_t i = 0; i + 8 <= count; i += 8)
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += words[i + lane];
  std::uint64_t total = 0;
  for (const std::uint64_t sum : sums) total += sum;
  return total;
}

}  // namespace

double measure_read_bandwidth(base::ThreadPool& pool) {
  // Written once: untouched pages would all be the same page of zeros.
  const std::vector<std::uint64_t> buffer(kBufferBytes / sizeof(std::uint64_t), 1);
  const std::size_t share = buffer.size() / pool.size();
  std::atomic<std::uint64_t> sink{0};
  double best = 0.0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const auto begun = std::chrono::steady_clock::now();
    pool.run([&](std::size_t worker) { sink += read_all(buffer.data() + worker * share, share); });
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    best = std::max(
        best, static_cast<double>(share * pool.size() * sizeof(std::uint64_t)) / taken.count());
  }
  return best;
}

}  // namespace nearside::cli
