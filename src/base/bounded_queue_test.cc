#include "base/bounded_queue.h"

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

TEST(BoundedQueue, RefusesOnePastTheBound) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_TRUE(queue.try_push(2));
  EXPECT_FALSE(queue.try_push(3));
}

TEST(BoundedQueue, DrainsAfterCloseAndThenEnds) {
  BoundedQueue<int> queue(2);
  ASSERT_TRUE(queue.try_push(1));
  queue.close();
  EXPECT_FALSE(queue.try_push(2));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

}  // namespace
}  // namespace nearside::base
