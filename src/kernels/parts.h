// Hands the parts of a piece of work to the threads of a pool.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/thread_pool.h"

namespace nearside::kernels {

/// Calls task(part, round, worker) once for each part below `parts` in each round below `rounds`.
/// Each worker begins with a run of parts of its own, neighbours in memory, all of them in the
/// first round, then in the next; then it takes what is left of the others': a slow core does not
/// hold the rest up. A single task stays on the caller's thread.
template <typename Task>
void run_parts(base::ThreadPool& pool, std::size_t parts, std::size_t rounds, const Task& task) {
  if (parts * rounds <= 1 || pool.size() == 1) {
    for (std::size_t round = 0; round < rounds; ++round)
      for (std::size_t part = 0; part < parts; ++part) task(part, round, std::size_t{0});
    return;
  }
  // More threads than this share runs; each counter has a cache line of its own.
  constexpr std::size_t kRunsMax = 64;
  struct alignas(64) Next {
    std::atomic<std::size_t> task{0};
  };
  Next next[kRunsMax];
  const std::size_t runs = pool.size() < kRunsMax ? pool.size() : kRunsMax;
  pool.run([&](std::size_t worker) {
    for (std::size_t k = 0; k < runs; ++k) {
      const std::size_t run = (worker + k) % runs;
      const std::size_t begin = parts * run / runs;
      const std::size_t count = parts * (run + 1) / runs - begin;
      for (;;) {
        const std::size_t index = next[run].task.fetch_add(1, std::memory_order_relaxed);
        if (index >= count * rounds) break;
        task(begin + index % count, index / count, worker);
      }
    }
  });
}

}  // namespace nearside::kernels
