// Asking all over again: only when everything was down, only as far as the budget goes.
#include <gtest/gtest.h>

#include "gateway/node_for_test.h"

namespace nearside::gateway {
namespace {

using base::Code;

/// Fails with `code` so many times, then answers.
ScriptedBackend::Script fails_first(int times, Code code) {
  auto left = std::make_shared<std::atomic<int>>(times);
  return [left, code](const chat::Request&, const chat::Sink& sink) -> std::function<void()> {
    if ((*left)-- > 0) {
      sink(failed(code));
    } else {
      sink(chat::TextDelta{"ok"});
      sink(finished());
    }
    return {};
  };
}

void earn(NodeForTest& node, int retries) {
  for (int i = 0; i < retries * RetryBudget::kRequestsForARetry; ++i) node.retries.earn();
}

TEST(Retry, ARoundOfTargetsThatWereAllDownIsAskedOnceMore) {
  NodeForTest node;
  node.add("device/a", policy::Place::kDevice, fails_first(1, Code::kUnavailable));
  node.add("onprem/b", policy::Place::kOnprem, fails_first(9, Code::kUnavailable));
  node.start();
  earn(node, 1);
  const Reply reply = node.chat(kHello);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("x-nearside-target"), "device/a");
  EXPECT_EQ(node.ledger.wait().attempts.size(), 3U);
}

TEST(Retry, WithoutABudgetThereIsNone) {
  NodeForTest node;
  node.add("device/a", policy::Place::kDevice, fails_first(1, Code::kUnavailable));
  node.start();
  EXPECT_EQ(node.chat(kHello).status, 503);
  EXPECT_EQ(node.ledger.wait().attempts.size(), 1U);
}

TEST(Retry, IsMadeOnceAndPaid) {
  NodeForTest node;
  ScriptedBackend& down =
      node.add("device/a", policy::Place::kDevice, fails_first(99, Code::kUnavailable));
  node.start();
  earn(node, 1);
  EXPECT_EQ(node.chat(kHello).status, 503);
  EXPECT_EQ(down.calls(), 2);
  EXPECT_EQ(node.chat(kHello).status, 503);
  EXPECT_EQ(down.calls(), 3);
}

TEST(Retry, DoesNotRepeatWhatWouldFailAgain) {
  for (const Code code : {Code::kContextLength, Code::kInvalidArgument, Code::kDeadline,
                          Code::kExhausted, Code::kUnsupported}) {
    NodeForTest node;
    ScriptedBackend& target = node.add("device/a", policy::Place::kDevice, fails_first(99, code));
    node.start();
    earn(node, 5);
    EXPECT_NE(node.chat(kHello).status, 200);
    EXPECT_EQ(target.calls(), 1) << base::code_name(code);
  }
}

TEST(RetryBudget, SavesNoMoreThanItsBound) {
  RetryBudget budget;
  for (int i = 0; i < 10'000; ++i) budget.earn();
  for (int i = 0; i < RetryBudget::kRetriesSaved; ++i) EXPECT_TRUE(budget.spend());
  EXPECT_FALSE(budget.spend());
}

}  // namespace
}  // namespace nearside::gateway
