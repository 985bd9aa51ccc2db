// What the ledger says a request has cost, against sums made by hand.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "gateway/price_books.h"

namespace nearside::gateway {
namespace {

using policy::Place;

/// A seller's whole price list, as a configuration has it.
policy::ModelPrice price_of(const std::string& price) {
  const auto config = parse_config(
      "targets:\n  - {name: cloud/a, place: cloud, upstream: {url: \"http://x/v1\", model: m}, "
      "price: {" +
          price + "}}\n",
      "t.yaml");
  EXPECT_TRUE(config.has_value()) << config.error().message;
  return std::get<policy::ModelPrice>(*config->policy.targets[0].cost);
}

chat::Event used(const chat::Usage& usage) {
  chat::Finished end;
  end.usage = usage;
  return end;
}

TEST(Costs, OfAnAnswerCountWhatWasCachedKeptAndThought) {
  NodeForTest node;
  node.add("cloud/a", Place::kCloud,
           says({"x"}, used({.prompt_tokens = 1000,
                             .completion_tokens = 500,
                             .cached_tokens = 600,
                             .cache_write_tokens = 300,
                             .reasoning_tokens = 400})));
  node.config.policy.targets[0].cost = price_of(
      "usd_per_million_input_tokens: 3, usd_per_million_output_tokens: 15, "
      "usd_per_million_cached_input_tokens: 0.3, usd_per_million_cache_write_tokens: 3.75, "
      "usd_per_request: 0.01");
  node.start();
  EXPECT_EQ(node.chat(kHello).status, 200);
  const telemetry::Record record = node.ledger.wait();
  const double by_hand = (100 * 3 + 600 * 0.3 + 300 * 3.75 + 500 * 15) / 1e6 + 0.01;
  EXPECT_NEAR(*record.cost_usd, by_hand, 1e-12);
  EXPECT_EQ(record.attempts[0].reasoning_tokens, 400U);
  EXPECT_EQ(record.attempts[0].cache_write_tokens, 300U);
}

TEST(Costs, OfALongPromptAreThoseOfItsTier) {
  NodeForTest node;
  node.add("cloud/a", Place::kCloud, says({"x"}, finished(250'000, 10)));
  node.config.policy.targets[0].cost = price_of(
      "usd_per_million_input_tokens: 3, usd_per_million_output_tokens: 15, "
      "tiers: [{above_input_tokens: 200000, usd_per_million_input_tokens: 6, "
      "usd_per_million_output_tokens: 22.5}]");
  node.start();
  EXPECT_EQ(node.chat(kHello).status, 200);
  EXPECT_NEAR(*node.ledger.wait().cost_usd, (250'000 * 6 + 10 * 22.5) / 1e6, 1e-12);
}

TEST(Costs, OfARequestAreThoseOfAllItsAttempts) {
  NodeForTest node;
  chat::Failed cut{{base::Code::kUnavailable, "cut"}, {}};
  cut.usage = {.prompt_tokens = 40, .completion_tokens = 7};
  node.add("cloud/a", Place::kCloud, says({"half"}, cut));
  node.add("onprem/b", Place::kOnprem, says({"whole"}, finished(50, 20)));
  node.config.policy.targets[0].cost = policy::Price{1, 4, {}};
  node.config.policy.targets[1].cost = policy::LocalCost{.usd_per_hour = 2,
                                                         .watts = 400,
                                                         .usd_per_kwh = 0.3,
                                                         .pue = 1.4,
                                                         .concurrency = 2,
                                                         .idle_watts = 100,
                                                         .utilization = 0.5};
  node.start();
  EXPECT_EQ(node.chat(kHello).header("x-nearside-target"), "onprem/b");
  const telemetry::Record record = node.ledger.wait();
  ASSERT_EQ(record.attempts.size(), 2U);
  const double seller = (40 * 1 + 7 * 4) / 1e6;
  // One idle hour stands behind each busy one: it is paid, and it draws its watts.
  const double hours = record.attempts[1].total_ms / 3'600'000;
  const double own = hours * (2 * 2 + (0.4 + 0.1) * 1.4 * 0.3) / 2;
  EXPECT_NEAR(*record.attempts[0].cost_usd, seller, 1e-15);
  EXPECT_NEAR(*record.attempts[1].cost_usd, own, 1e-15);
  EXPECT_NEAR(*record.cost_usd, seller + own, 1e-15);
}

TEST(Costs, OfAServerThatReportsNonsenseAreStillCounted) {
  NodeForTest node;
  node.add("cloud/a", Place::kCloud,
           says({"x"}, used({.prompt_tokens = 10, .completion_tokens = 5, .cached_tokens = 500})));
  node.config.policy.targets[0].cost = policy::Price{1, 4, 0.5};
  node.start();
  EXPECT_EQ(node.chat(kHello).status, 200);
  EXPECT_NEAR(*node.ledger.wait().cost_usd, (10 * 0.5 + 5 * 4) / 1e6, 1e-15);
}

class PriceBooks : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/books.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    std::ofstream(folder_ + "/book.json") << R"([{"id": "anthropic", "models": [{"id": "c",
      "match": {"starts_with": "claude"}, "prices": {"input_mtok": 3, "output_mtok": 15, "cache_read_mtok": 0.3}}]}])";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] base::Result<Config> config(const std::string& price) const {
    return parse_config(
        "targets:\n  - {name: cloud/a, place: cloud, upstream: {provider: anthropic, url: "
        "\"http://x\", model: claude-9}, price: {" +
            price + "}}\n",
        folder_ + "/nearside.yaml");
  }
  std::string folder_;
};

TEST_F(PriceBooks, PriceATargetByItsSellerAndModel) {
  auto read = config("book: book.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_TRUE(load_prices(*read, {}));
  const policy::Consumption used{
      .input_tokens = 1000, .cached_input_tokens = 400, .output_tokens = 9};
  EXPECT_NEAR(*policy::cost_usd(read->policy.targets[0], used),
              (600 * 3 + 400 * 0.3 + 9 * 15) / 1e6, 1e-15);
}

TEST_F(PriceBooks, SayWhichTargetTheyDoNotKnow) {
  auto unknown = config("book: book.json, model: gpt-9");
  ASSERT_TRUE(unknown.has_value());
  const base::Status status = load_prices(*unknown, {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, base::Code::kNotFound);
  EXPECT_NE(status.error().message.find("cloud/a"), std::string::npos);
  auto absent = config("book: absent.json");
  EXPECT_EQ(load_prices(*absent, {}).error().code, base::Code::kNotFound);
}

TEST_F(PriceBooks, AreRefusedBesideWrittenPrices) {
  EXPECT_FALSE(config("book: book.json, usd_per_million_input_tokens: 3"));
  EXPECT_FALSE(config("tiers: [{above_input_tokens: 9, usd_per_million_input_tokens: 1}]"));
}

}  // namespace
}  // namespace nearside::gateway
