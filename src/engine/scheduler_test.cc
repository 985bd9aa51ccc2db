#include "engine/scheduler.h"

#include <vector>

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

using Counts = std::vector<std::size_t>;

TEST(PlanStep, GivesEveryGeneratingSequenceItsToken) {
  EXPECT_EQ(plan_step(Counts{1, 1, 1}, 512), (Counts{1, 1, 1}));
}

TEST(PlanStep, CutsALongPromptToTheBatch) {
  EXPECT_EQ(plan_step(Counts{1000}, 512), (Counts{512}));
}

TEST(PlanStep, LetsGenerationPassBeforeAnOlderPrompt) {
  EXPECT_EQ(plan_step(Counts{1000, 1, 1}, 64), (Counts{62, 1, 1}));
}

TEST(PlanStep, FillsOlderPromptsFirst) {
  EXPECT_EQ(plan_step(Counts{40, 50, 60}, 64), (Counts{40, 24, 0}));
}

TEST(PlanStep, NeverPlansMoreThanTheBatchHolds) {
  EXPECT_EQ(plan_step(Counts{1, 1, 1}, 2), (Counts{1, 1, 0}));
}

TEST(PlanStep, HasNothingToDoForNoOne) { EXPECT_TRUE(plan_step(Counts{}, 8).empty()); }

}  // namespace
}  // namespace nearside::engine
