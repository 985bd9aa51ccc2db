#include "base/thread_pool.h"

#include <vector>

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

TEST(ThreadPool, RunsTheTaskOnceForEachWorkerAndWaits) {
  for (const std::size_t threads : {1U, 2U, 5U}) {
    ThreadPool pool(threads);
    std::vector<int> calls(threads, 0);
    for (int round = 0; round < 1000; ++round)
      pool.run([&](std::size_t worker) { ++calls[worker]; });
    EXPECT_EQ(calls, std::vector<int>(threads, 1000));
  }
}

}  // namespace
}  // namespace nearside::base
