// Kept answers: the same bytes of the same tenant, as long as policy agrees.
#include "gateway/response_cache.h"

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"

namespace nearside::gateway {
namespace {

ResponseCache::Entry entry(std::string text) {
  ResponseCache::Entry made;
  made.answer.choices.front().text = std::move(text);
  return made;
}
const base::SteadyTime kNow{std::chrono::hours(1)};

TEST(ResponseCache, KeepsUntilItsTimeIsOver) {
  ResponseCache cache;
  CacheConfig config;
  const auto key = ResponseCache::key_of("t", "chat", "{}");
  cache.put(key, entry("a"), kNow, config);
  EXPECT_EQ(cache.find(key, kNow)->answer.choices.front().text, "a");
  EXPECT_FALSE(cache.find(key, kNow + config.ttl));
}

TEST(ResponseCache, TellsTenantsCallsAndBodiesApart) {
  const auto key = ResponseCache::key_of("t", "chat", "{}");
  EXPECT_NE(key, ResponseCache::key_of("u", "chat", "{}"));
  EXPECT_NE(key, ResponseCache::key_of("t", "messages", "{}"));
  EXPECT_NE(key, ResponseCache::key_of("t", "chat", "{ }"));
  EXPECT_NE(key, ResponseCache::key_of("tc", "hat", "{}"));
}

TEST(ResponseCache, EvictsWhatWasUsedLongestAgo) {
  ResponseCache cache;
  CacheConfig config;
  config.bytes_max = 3'000;
  const auto key = [](int i) { return ResponseCache::key_of("", "", std::to_string(i)); };
  cache.put(key(1), entry(std::string(1'000, 'x')), kNow, config);
  cache.put(key(2), entry(std::string(1'000, 'x')), kNow, config);
  EXPECT_TRUE(cache.find(key(1), kNow));
  cache.put(key(3), entry(std::string(1'000, 'x')), kNow, config);
  EXPECT_TRUE(cache.find(key(1), kNow));
  EXPECT_FALSE(cache.find(key(2), kNow));
  cache.put(key(4), entry(std::string(9'000, 'x')), kNow, config);
  EXPECT_FALSE(cache.find(key(4), kNow));
  EXPECT_TRUE(cache.find(key(1), kNow));
}

TEST(CacheOfANode, GivesAnAnswerAgainWholeAndStreamed) {
  NodeForTest node;
  ScriptedBackend& target =
      node.add("device/a", policy::Place::kDevice, says({"Hel", "lo"}, finished(5, 2)));
  node.config.cache.tenants = {""};
  node.start();
  for (const std::string_view body : {kHello, kHelloStream}) {
    const int before = target.calls();
    const Reply first = node.chat(body);
    const Reply again = node.chat(body);
    EXPECT_EQ(target.calls(), before + 1);
    EXPECT_EQ(first.header("x-nearside-cache"), "");
    EXPECT_EQ(again.header("x-nearside-cache"), "hit");
    EXPECT_EQ(again.header("x-nearside-target"), "device/a");
    EXPECT_EQ(again.header("content-type"), first.header("content-type"));
    EXPECT_NE(again.header("x-nearside-decision"), first.header("x-nearside-decision"));
    EXPECT_NE(again.body.find("lo"), std::string::npos);
  }
  const telemetry::Record record = node.ledger.wait(4);
  EXPECT_EQ(record.outcome, telemetry::Outcome::kOk);
  EXPECT_EQ(record.cost_usd, 0.0);
  EXPECT_TRUE(record.attempts.empty());
}

TEST(CacheOfANode, IsOffUnlessTheTenantIsListed) {
  NodeForTest node;
  ScriptedBackend& target =
      node.add("device/a", policy::Place::kDevice, says({"ok"}, finished(5, 2)));
  node.start();
  node.chat(kHello);
  node.chat(kHello);
  EXPECT_EQ(target.calls(), 2);
}

TEST(CacheOfANode, AsksAgainWhenPolicyNoLongerPermitsTheTarget) {
  NodeForTest node;
  ScriptedBackend& cloud =
      node.add("cloud/a", policy::Place::kCloud, says({"from the cloud"}, finished(5, 2)));
  ScriptedBackend& near =
      node.add("onprem/b", policy::Place::kOnprem, says({"from nearby"}, finished(5, 2)));
  node.config.cache.tenants = {""};
  node.start();
  EXPECT_EQ(node.chat(kHello).header("x-nearside-target"), "cloud/a");
  const Reply reply = node.chat(kHello, {{"x-nearside-sensitivity", "confidential"}});
  EXPECT_EQ(reply.header("x-nearside-target"), "onprem/b");
  EXPECT_EQ(cloud.calls(), 1);
  EXPECT_EQ(near.calls(), 1);
}

TEST(CacheOfANode, KeepsNoAnswerThatWasCut) {
  NodeForTest node;
  ScriptedBackend& target = node.add("device/a", policy::Place::kDevice,
                                     says({"half"}, failed(base::Code::kUnavailable)));
  node.config.cache.tenants = {""};
  node.start();
  node.chat(kHelloStream);
  node.chat(kHelloStream);
  EXPECT_EQ(target.calls(), 2);
}

}  // namespace
}  // namespace nearside::gateway
