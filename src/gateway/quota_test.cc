// Limits and budgets: nobody gets past one, whatever happens at once; what was not used comes back.
#include "gateway/quota.h"

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"

namespace nearside::gateway {
namespace {

const base::WallTime kNow{std::chrono::seconds(1'700'000'010)};

QuotaRule rule(QuotaRule::Subject subject, std::string of) {
  QuotaRule made;
  made.name = "q-" + of;
  made.subject = subject;
  made.of = std::move(of);
  return made;
}

bool granted(QuotaStore& store, const std::vector<Charge>& charges) {
  bool yes = false;
  store.reserve(charges, [&yes](const base::Result<Refusal>& outcome) {
    yes = outcome.has_value() && !outcome->has_value();
  });
  return yes;
}

TEST(Quota, ChargesThoseItConcerns) {
  std::vector<QuotaRule> rules = {rule(QuotaRule::Subject::kKey, "k"),
                                  rule(QuotaRule::Subject::kTenant, "t"),
                                  rule(QuotaRule::Subject::kRoute, "r")};
  for (QuotaRule& each : rules) each.tokens_per_minute = 100;
  rules[0].requests_per_minute = 7;
  rules[1].budget_usd = 1;
  const auto charges = charges_of(
      rules,
      {.key_name = "k", .tenant = "t", .route = "other", .tokens_most = 30, .cost_most_usd = 0.25},
      kNow);
  ASSERT_EQ(charges.size(), 4U);
  EXPECT_EQ(charges[0].counter, "q-k/requests");
  EXPECT_EQ(charges[1].amount, 30U);
  EXPECT_EQ(charges[3].counter, "q-t/usd");
  EXPECT_EQ(charges[3].amount, 250'000U);
  EXPECT_EQ(until_window_ends(charges[0], kNow).count(), 60 - 1'700'000'010 % 60);
}

TEST(Quota, GrantsUpToTheLimitAndNotOneMore) {
  LocalQuotaStore store;
  Charge charge{.counter = "c", .limit = 10, .amount = 4};
  EXPECT_TRUE(granted(store, {charge}));
  EXPECT_TRUE(granted(store, {charge}));
  EXPECT_FALSE(granted(store, {charge}));
  charge.amount = 2;
  EXPECT_TRUE(granted(store, {charge}));
  charge.amount = 1;
  EXPECT_FALSE(granted(store, {charge}));
  charge.amount = UINT64_MAX;
  EXPECT_FALSE(granted(store, {charge}));
}

TEST(Quota, TakesAllOrNothing) {
  LocalQuotaStore store;
  const Charge wide{.counter = "wide", .limit = 10, .amount = 1};
  const Charge full{.counter = "full", .limit = 0, .amount = 1};
  EXPECT_FALSE(granted(store, {wide, full}));
  EXPECT_EQ(store.used("wide"), 0U);
}

TEST(Quota, GivesBackWhatWasNotUsedAndChargesWhatWasMore) {
  LocalQuotaStore store;
  const Charge charge{.kind = Charge::Kind::kTokens, .counter = "c", .limit = 100, .amount = 80};
  ASSERT_TRUE(granted(store, {charge}));
  QuotaHold(&store, {charge}).settle(30, 0);
  EXPECT_EQ(store.used("c"), 30U);
  ASSERT_FALSE(granted(store, {charge}));
  { const QuotaHold dropped(&store, {}); }
  QuotaHold more(&store, {});
  more = QuotaHold(&store, {{.kind = Charge::Kind::kTokens, .counter = "c", .amount = 0}});
  more.settle(90, 0);
  more.settle(90, 0);  // only once
  EXPECT_EQ(store.used("c"), 120U);
}

TEST(Quota, ANewWindowBeginsEmptyAndAnOldOneIsLeftAlone) {
  LocalQuotaStore store;
  Charge charge{
      .kind = Charge::Kind::kTokens, .counter = "c", .limit = 10, .amount = 10, .window_number = 1};
  QuotaHold hold;
  ASSERT_TRUE(granted(store, {charge}));
  hold = QuotaHold(&store, {charge});
  charge.window_number = 2;
  ASSERT_TRUE(granted(store, {charge}));
  hold.settle(3, 0);
  EXPECT_EQ(store.used("c"), 10U);
}

/// A node of tenant "t" with key "K"; its one target says "ok" and uses 5 + 2 tokens.
void start(NodeForTest& node, QuotaRule bound) {
  node.add("device/a", policy::Place::kDevice, says({"ok"}, finished(5, 2)));
  KeyConfig key;
  key.name = "tablet";
  key.tenant = "t";
  // SHA-256 of "K".
  key.sha256 = {0x86, 0xbe, 0x9a, 0x55, 0x76, 0x2d, 0x31, 0x6a, 0x30, 0x26, 0xc2,
                0x83, 0x6d, 0x04, 0x4f, 0x5f, 0xc7, 0x6e, 0x34, 0xda, 0x10, 0xe1,
                0xb4, 0x5f, 0xee, 0xe5, 0xf1, 0x8b, 0xe7, 0xed, 0xb1, 0x77};
  node.config.auth.keys = {key};
  node.config.limits.concurrent_requests_max = 2'000;
  node.config.quotas = {std::move(bound)};
  http::ServerOptions options;
  options.connections_max = 2'000;
  node.start(options);
}
const http::Headers kKey = {{"authorization", "Bearer K"}};

TEST(QuotaOfANode, RefusesWithTheTimeToWaitAndRecordsIt) {
  NodeForTest node;
  QuotaRule bound = rule(QuotaRule::Subject::kKey, "tablet");
  bound.requests_per_minute = 1;
  start(node, bound);
  int ok = 0;
  Reply refused;
  // The minute may turn between two of them.
  for (int i = 0; i < 3; ++i) {
    Reply reply = node.chat(kHello, kKey);
    reply.status == 200 ? void(++ok) : void(refused = std::move(reply));
  }
  EXPECT_LE(ok, 2);
  ASSERT_EQ(refused.status, 429);
  EXPECT_EQ(refused.error_code(), "rate_limit_exceeded");
  const int wait = std::stoi(refused.header("retry-after"));
  EXPECT_GE(wait, 1);
  EXPECT_LE(wait, 60);
  node.ledger.wait(3);
  EXPECT_EQ(std::count_if(node.ledger.finished.begin(), node.ledger.finished.end(),
                          [](const telemetry::Record& record) {
                            return record.outcome == telemetry::Outcome::kRefused &&
                                   record.error_code == "exhausted";
                          }),
            3 - ok);
}

TEST(QuotaOfANode, ThousandRequestsAtOnceOnOneKeyNeverPassABudget) {
  NodeForTest node;
  QuotaRule bound = rule(QuotaRule::Subject::kTenant, "t");
  // 5 tokens in and 2 out at a dollar a million are 7 micro-dollars; more is reserved (max_tokens).
  bound.budget_usd = 0.001;
  bound.budget_window = std::chrono::hours(24 * 366);
  start(node, bound);
  constexpr int kRequests = 1'000;
  constexpr int kThreads = 50;
  std::latch together(kThreads);
  std::atomic<int> ok = 0;
  std::atomic<int> refused = 0;
  std::vector<std::jthread> clients;
  for (int i = 0; i < kThreads; ++i)
    clients.emplace_back([&] {
      together.arrive_and_wait();
      for (int k = 0; k < kRequests / kThreads; ++k) {
        const Reply reply = node.chat(
            R"({"model":"auto","max_tokens":8,"messages":[{"role":"user","content":"hello"}]})",
            kKey);
        if (reply.status == 200)
          ++ok;
        else if (reply.status == 429 && reply.error_code() == "budget_exceeded")
          ++refused;
      }
    });
  clients.clear();
  EXPECT_EQ(ok + refused, kRequests);
  node.ledger.wait(kRequests);
  double spent = 0;
  for (const telemetry::Record& record : node.ledger.finished) spent += record.cost_usd.value_or(0);
  EXPECT_LE(spent, bound.budget_usd);
  // And the budget does not block falsely: what is left would not have paid for one more.
  EXPECT_GT(spent, bound.budget_usd * 0.95);
  const auto& store = dynamic_cast<LocalQuotaStore&>(*node.quotas);
  EXPECT_NEAR(static_cast<double>(store.used("q-t/usd")) / 1e6, spent, 1e-6 * ok);
}

TEST(QuotaOfANode, RequestsThatFailGiveTheirReservationBack) {
  NodeForTest node;
  node.add("device/a", policy::Place::kDevice, says({}, failed(base::Code::kUnavailable)));
  QuotaRule bound = rule(QuotaRule::Subject::kRoute, "all");
  bound.tokens_per_minute = 100'000;
  node.config.quotas = {bound};
  node.start();
  EXPECT_EQ(node.chat(kHello).status, 503);
  EXPECT_EQ(dynamic_cast<LocalQuotaStore&>(*node.quotas).used("q-all/tokens"), 0U);
}

}  // namespace
}  // namespace nearside::gateway
