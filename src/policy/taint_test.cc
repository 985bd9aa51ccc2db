#include "policy/taint.h"

#include <gtest/gtest.h>

namespace nearside::policy {
namespace {

using namespace std::chrono_literals;

constexpr base::SteadyTime kNow{};

const Labeler& labeler() {
  static const Labeler instance = *Labeler::create({});
  return instance;
}

Label label(std::string_view text, const Taint& earlier) {
  LabelContext context;
  context.earlier = &earlier;
  return *labeler().label(Conversation::of(text), context);
}

TEST(Taint, WhatWasDemandedOrFoundEarlierHoldsForAFollowUp) {
  EXPECT_EQ(label("go on", {}).sensitivity, Sensitivity::kInternal);
  EXPECT_EQ(label("go on", {Sensitivity::kRestricted, {}}).sensitivity, Sensitivity::kRestricted);
  const Label found = label("go on", {Sensitivity::kPublic, {"iban"}});
  EXPECT_EQ(found.sensitivity, Sensitivity::kConfidential);
  EXPECT_EQ(found.categories, std::vector<std::string>{"iban"});
  EXPECT_EQ(found.reasons.back(), "confidential: iban found earlier in this conversation");
}

TEST(Taint, IsHandedOnFromTurnToTurn) {
  const Label first = label("IBAN DE89370400440532013000", {});
  const Label second = label("go on", taint_of(first));
  const Label third = label("and mail anna@plant.example", taint_of(second));
  EXPECT_EQ(third.categories, (std::vector<std::string>{"email", "iban"}));
  EXPECT_EQ(taint_of(third).detectors, (std::vector<std::string>{"email", "iban"}));
  // The level comes from what was found, not from a demand.
  EXPECT_EQ(taint_of(third).level, Sensitivity::kPublic);
}

TEST(Taint, ADetectorThatAConfigurationNoLongerHasIsPassedOver) {
  EXPECT_EQ(label("go on", {Sensitivity::kPublic, {"words:gone"}}).sensitivity,
            Sensitivity::kInternal);
}

TEST(TaintMemory, EntriesOnlyGrow) {
  TaintMemory memory({1, 2}, {});
  const auto name = memory.name("a");
  memory.remember(name, {Sensitivity::kRestricted, {"iban"}}, kNow);
  memory.remember(name, {Sensitivity::kPublic, {"email"}}, kNow);
  EXPECT_EQ(*memory.find(name, kNow), (Taint{Sensitivity::kRestricted, {"email", "iban"}}));
  EXPECT_FALSE(memory.find(memory.name(name, "b"), kNow));
}

TEST(TaintMemory, KeepsNoMoreThanItsBoundAndForgetsTheLeastUsed) {
  TaintMemory memory({1, 2}, {.entries_max = 3, .unused_max = 1h});
  for (const char* text : {"a", "b", "c"}) memory.remember(memory.name(text), {}, kNow);
  EXPECT_TRUE(memory.find(memory.name("a"), kNow));
  memory.remember(memory.name("d"), {}, kNow);
  EXPECT_EQ(memory.size(), 3U);
  EXPECT_TRUE(memory.find(memory.name("a"), kNow));
  EXPECT_FALSE(memory.find(memory.name("b"), kNow));
}

TEST(TaintMemory, ForgetsWhatWasNotUsedForLong) {
  TaintMemory memory({1, 2}, {.entries_max = 3, .unused_max = 1h});
  memory.remember(memory.name("a"), {}, kNow);
  EXPECT_TRUE(memory.find(memory.name("a"), kNow + 50min));
  EXPECT_TRUE(memory.find(memory.name("a"), kNow + 110min));
  EXPECT_FALSE(memory.find(memory.name("a"), kNow + 171min));
  EXPECT_EQ(memory.size(), 0U);
}

}  // namespace
}  // namespace nearside::policy
