#include "engine/scheduler.h"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

using chat::Priority;
using Counts = std::vector<std::size_t>;

std::vector<Job> normal(const Counts& pending) {
  std::vector<Job> jobs;
  for (const std::size_t tokens : pending)
    jobs.push_back({.arrival = jobs.size(), .pending = tokens});
  return jobs;
}

TEST(PlanStep, GivesEveryGeneratingSequenceItsToken) {
  EXPECT_EQ(plan_step(normal({1, 1, 1}), 512), (Counts{1, 1, 1}));
}

TEST(PlanStep, CutsALongPromptToTheBatch) {
  EXPECT_EQ(plan_step(normal({1000}), 512), (Counts{512}));
}

TEST(PlanStep, LetsGenerationPassBeforeAnOlderPrompt) {
  EXPECT_EQ(plan_step(normal({1000, 1, 1}), 64), (Counts{62, 1, 1}));
}

TEST(PlanStep, FillsOlderPromptsFirst) {
  EXPECT_EQ(plan_step(normal({40, 50, 60}), 64), (Counts{40, 24, 0}));
}

TEST(PlanStep, PromptsOfTenantsWithLessComeFirst) {
  std::vector<Job> jobs = normal({40, 50});
  jobs[0].tenant = "much";
  jobs[0].served = 1000;
  EXPECT_EQ(plan_step(jobs, 64), (Counts{14, 50}));
}

TEST(PlanStep, PromptsOfHigherPriorityComeFirst) {
  std::vector<Job> jobs = normal({40, 50});
  jobs[0].priority = Priority::kBatch;
  EXPECT_EQ(plan_step(jobs, 64), (Counts{14, 50}));
}

TEST(PlanStep, NeverPlansMoreThanTheBatchHolds) {
  EXPECT_EQ(plan_step(normal({1, 1, 1}), 2), (Counts{1, 1, 0}));
}

TEST(PlanStep, WhoWaitedLongestGeneratesFirst) {
  std::vector<Job> jobs = normal({1, 1, 1});
  jobs[2].idle_steps = 1;
  EXPECT_EQ(plan_step(jobs, 2), (Counts{1, 0, 1}));
}

TEST(PlanStep, HasNothingToDoForNoOne) { EXPECT_TRUE(plan_step({}, 8).empty()); }

TEST(PlanStep, BesideARealtimePromptOthersTakeThreeTenthsOfIt) {
  std::vector<Job> jobs = normal({1, 1, 1, 1, 1, 1, 1, 1, 400, 20});
  jobs.back().priority = Priority::kRealtime;
  const Counts counts = plan_step(jobs, 512);
  EXPECT_EQ(counts.back(), 20U);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end() - 1, std::size_t{0}), 6U);
}

TEST(PlanStep, BesideARealtimeAnswerStepsStaySmall) {
  std::vector<Job> jobs = normal({1, 400, 1});
  jobs.back().priority = Priority::kRealtime;
  EXPECT_EQ(plan_step(jobs, 512), (Counts{1, kStepTokensBesideRealtime - 2, 1}));
}

/// Tokens that all jobs compute until a realtime prompt is read, however long it is and whatever
/// runs beside it.
TEST(PlanStep, RealtimePromptsWaitForLittleMoreThanThemselves) {
  for (const std::size_t prompt : {2U, 9U, 64U, 511U, 512U, 513U, 4000U}) {
    std::vector<Job> jobs = normal({1, 1, 1, 1, 1, 1, 4000, 4000, prompt});
    jobs.back().priority = Priority::kRealtime;
    std::size_t computed = 0;
    std::size_t steps = 0;
    while (jobs.back().pending > 0) {
      const Counts counts = plan_step(jobs, 512);
      computed += std::accumulate(counts.begin(), counts.end(), std::size_t{0});
      ++steps;
      for (std::size_t i = 6; i < jobs.size(); ++i) jobs[i].pending -= counts[i];
    }
    EXPECT_LE(static_cast<double>(computed), 1.3 * static_cast<double>(prompt)) << prompt;
    EXPECT_EQ(steps, (prompt + 511) / 512) << prompt;
  }
}

TEST(PickWaiting, TakesTheMostUrgentThenTheLeastServedThenTheOldest) {
  std::vector<Job> jobs(4);
  jobs[0] = {.priority = Priority::kBatch, .arrival = 0};
  jobs[1] = {.tenant = "a", .served = 10, .arrival = 1};
  jobs[2] = {.tenant = "b", .served = 5, .arrival = 3};
  jobs[3] = {.tenant = "b", .served = 5, .arrival = 2};
  EXPECT_EQ(pick_waiting(jobs), 3U);
  jobs[0].priority = Priority::kRealtime;
  EXPECT_EQ(pick_waiting(jobs), 0U);
  for (Job& job : jobs) job.may_start = false;
  EXPECT_FALSE(pick_waiting(jobs));
}

TEST(PickVictim, IsTheYoungestOfTheLowestPriority) {
  std::vector<Job> jobs(4);
  jobs[1] = {.priority = Priority::kBatch, .arrival = 5};
  jobs[2] = {.priority = Priority::kBatch, .arrival = 6};
  jobs[3] = {.arrival = 9};
  EXPECT_EQ(pick_victim(jobs, {.priority = Priority::kRealtime}, 1), 2U);
  EXPECT_EQ(pick_victim(jobs, {.priority = Priority::kNormal}, 1), 2U);
  EXPECT_FALSE(pick_victim(jobs, {.priority = Priority::kBatch}, 1));
}

TEST(PickVictim, TenantsWithMoreThanTheirShareMakeRoomUntilItIsFair) {
  std::vector<Job> jobs(4);
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i] = {.tenant = "greedy", .arrival = i};
  const Job newcomer{.tenant = "other", .arrival = 9};
  EXPECT_EQ(pick_victim(jobs, newcomer, 2), 3U);
  jobs[3] = newcomer;
  EXPECT_EQ(pick_victim(jobs, newcomer, 2), 2U);
  jobs[2] = newcomer;
  EXPECT_FALSE(pick_victim(jobs, newcomer, 2));
  EXPECT_FALSE(pick_victim(jobs, {.tenant = "greedy", .arrival = 10}, 2));
}

}  // namespace
}  // namespace nearside::engine
