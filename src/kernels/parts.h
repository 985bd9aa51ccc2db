// Hands the parts of a piece of work to the threads of a pool.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/thread_pool.h"

namespace nearside::kernels {

/// Calls task(part, worker) once for each part below `count`. Each worker begins with a run of
/// parts of its own, neighbours in memory, and then takes what is left of the others': a slow core
/// does not hold the rest up. A single part stays on the caller's thread.
template <typename Task>
void run_parts(base::ThreadPool& pool, std::size_t count, const Task& task) {
  if (count <= 1 || pool.size() == 1) {
    for (std::size_t part = 0; part < count; ++part) task(part, std::size_t{0});
    return;
  }
  // More threads than this share runs; each counter has a cache line of its own.
  constexpr std::size_t kRunsMax = 64;
  struct alignas(64) Next {
    std::atomic<std::size_t> part{0};
  };
  Next next[kRunsMax];
  const std::size_t runs = pool.size() < kRunsMax ? pool.size() : kRunsMax;
  for (std::size_t run = 0; run < runs; ++run)
    next[run].part.store(count * run / runs, std::memory_order_relaxed);
  pool.run([&](std::size_t worker) {
    for (std::size_t k = 0; k < runs; ++k) {
      const std::size_t run = (worker + k) % runs;
      const std::size_t end = count * (run + 1) / runs;
      for (;;) {
        const std::size_t part = next[run].part.fetch_add(1, std::memory_order_relaxed);
        if (part >= end) break;
        task(part, worker);
      }
    }
  });
}

}  // namespace nearside::kernels
