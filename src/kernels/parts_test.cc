#include "kernels/parts.h"

#include <atomic>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::kernels {
namespace {

TEST(RunParts, CallsEveryPartOfEveryRoundOnce) {
  for (const std::size_t threads : {1U, 2U, 5U}) {
    base::ThreadPool pool(threads);
    for (const std::size_t parts : {0U, 1U, 3U, 64U})
      for (const std::size_t rounds : {1U, 2U, 7U}) {
        std::vector<std::atomic<int>> calls(parts * rounds);
        run_parts(pool, parts, rounds,
                  [&](std::size_t part, std::size_t round, std::size_t worker) {
                    ASSERT_LT(worker, threads);
                    ++calls[round * parts + part];
                  });
        for (const std::atomic<int>& count : calls) EXPECT_EQ(count, 1);
      }
  }
}

TEST(RunParts, LeavesNothingToASleepingWorkersShare) {
  // The first worker is held in its first part until all others are done: somebody took them.
  base::ThreadPool pool(2);
  constexpr std::size_t kParts = 16;
  std::atomic<std::size_t> done{0};
  run_parts(pool, kParts, 1, [&](std::size_t part, std::size_t, std::size_t) {
    while (part == 0 && done.load() < kParts - 1) {
    }
    ++done;
  });
  EXPECT_EQ(done, kParts);
}

}  // namespace
}  // namespace nearside::kernels
