#include "policy/label_memory.h"

#include <gtest/gtest.h>

namespace nearside::policy {
namespace {

chat::Request request_of(std::initializer_list<std::pair<const char*, const char*>> messages) {
  chat::Request request;
  for (const auto& [role, text] : messages)
    request.messages.push_back(base::json::object{{"role", role}, {"content", text}});
  request.original["messages"] = request.messages;
  return request;
}

class LabelMemoryTest : public ::testing::Test {
 protected:
  Label label(const chat::Request& request, std::optional<Sensitivity> at_least = {},
              std::string_view conversation = "", std::string_view tenant = "t") {
    LabelContext context;
    context.at_least = at_least;
    context.memory = &memory_;
    context.tenant = tenant;
    context.conversation = conversation;
    return *labeler().label(Conversation::of(request), context);
  }
  static const Labeler& labeler() {
    static const Labeler instance = *Labeler::create({});
    return instance;
  }
  LabelMemory memory_{{1, 2}, 4};
};

TEST_F(LabelMemoryTest, FindsWhatAReadingWithoutMemoryFinds) {
  label(request_of({{"user", "IBAN DE89370400440532013000"}}));
  const auto next = request_of({{"user", "IBAN DE89370400440532013000"},
                                {"assistant", "noted"},
                                {"user", "and my card 4111 1111 1111 1111"}});
  const Label with = label(next);
  const Label without = *labeler().label(Conversation::of(next));
  EXPECT_EQ(with.categories, without.categories);
  EXPECT_EQ(with.findings_count, without.findings_count);
  ASSERT_EQ(with.findings.size(), without.findings.size());
  for (std::size_t i = 0; i < with.findings.size(); ++i)
    EXPECT_EQ(with.findings[i].message_index, without.findings[i].message_index);
}

TEST_F(LabelMemoryTest, WhatWasDemandedOnceHoldsForTheFollowUps) {
  label(request_of({{"user", "the recipe"}}), Sensitivity::kRestricted);
  const auto follow_up =
      request_of({{"user", "the recipe"}, {"assistant", "yes?"}, {"user", "shorter"}});
  EXPECT_EQ(label(follow_up).sensitivity, Sensitivity::kRestricted);
  const auto tool_result = request_of(
      {{"user", "the recipe"}, {"assistant", "yes?"}, {"user", "shorter"}, {"tool", "42"}});
  EXPECT_EQ(label(tool_result).sensitivity, Sensitivity::kRestricted);
}

TEST_F(LabelMemoryTest, TheSameFirstMessageOfSomebodyElseIsNoFollowUp) {
  label(request_of({{"user", "hi"}}), Sensitivity::kRestricted);
  EXPECT_EQ(label(request_of({{"user", "hi"}})).sensitivity, Sensitivity::kInternal);
}

TEST_F(LabelMemoryTest, ANamedConversationKeepsItsLabelWhenItsHistoryIsCut) {
  label(request_of({{"user", "IBAN DE89370400440532013000"}}), {}, "c1");
  EXPECT_EQ(label(request_of({{"user", "go on"}}), {}, "c1").sensitivity,
            Sensitivity::kConfidential);
  EXPECT_EQ(label(request_of({{"user", "go on"}}), {}, "c2").sensitivity, Sensitivity::kInternal);
  EXPECT_EQ(label(request_of({{"user", "go on"}}), {}, "c1", "other").sensitivity,
            Sensitivity::kInternal);
}

TEST_F(LabelMemoryTest, KeepsNoMoreThanItsBound) {
  for (int i = 0; i < 20; ++i) label(request_of({{"user", std::to_string(i).c_str()}}));
  EXPECT_EQ(memory_.size(), 4U);
}

}  // namespace
}  // namespace nearside::policy
