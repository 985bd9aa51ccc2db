// Fork and join over a fixed set of threads, for kernels: a step of a few microseconds must not
// cost a syscall.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace nearside::base {

/// `run` hands the same function to every worker and returns when all have finished. The caller is
/// worker 0, so a pool of one thread starts none. Workers spin briefly for the next run (decode
/// steps follow each other within microseconds), then sleep on a futex. Not re-entrant: one run at
/// a time, from one thread.
class ThreadPool {
 public:
  /// REQUIRES: threads >= 1.
  explicit ThreadPool(std::size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] std::size_t size() const { return workers_.size() + 1; }

  /// Calls task(worker_index) once for each index below size(), each on its own thread.
  void run(const std::function<void(std::size_t worker_index)>& task);

 private:
  void work(std::size_t worker_index);

  std::atomic<std::uint32_t> generation_{0};
  std::atomic<std::uint32_t> pending_{0};
  std::atomic<bool> stopping_{false};
  const std::function<void(std::size_t)>* task_ = nullptr;
  std::vector<std::thread> workers_;
};

}  // namespace nearside::base
