#include "base/thread_pool.h"

#include "base/check.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nearside::base {

namespace {

// About 20 us of spinning on a 3 GHz core: longer than the gap between two kernels of a decode
// step, short enough not to burn a processor that others need.
constexpr int kSpinsMax = 2000;

void pause_briefly() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

}  // namespace

ThreadPool::ThreadPool(std::size_t threads) {
  CHECK(threads >= 1);
  workers_.reserve(threads - 1);
  for (std::size_t i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  stopping_.store(true, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(const std::function<void(std::size_t)>& task) {
  if (!workers_.empty()) {
    task_ = &task;
    pending_.store(static_cast<std::uint32_t>(workers_.size()), std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
  }
  task(0);
  int spins = 0;
  while (true) {
    const std::uint32_t left = pending_.load(std::memory_order_acquire);
    if (left == 0) return;
    if (++spins < kSpinsMax) {
      pause_briefly();
    } else {
      pending_.wait(left, std::memory_order_acquire);
    }
  }
}

void ThreadPool::work(std::size_t worker_index) {
  std::uint32_t seen = 0;
  while (true) {
    int spins = 0;
    std::uint32_t current = generation_.load(std::memory_order_acquire);
    while (current == seen) {
      if (++spins < kSpinsMax) {
        pause_briefly();
      } else {
        generation_.wait(seen, std::memory_order_acquire);
      }
      current = generation_.load(std::memory_order_acquire);
    }
    seen = current;
    if (stopping_.load(std::memory_order_relaxed)) return;
    (*task_)(worker_index);
    if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
  }
}

}  // namespace nearside::base
