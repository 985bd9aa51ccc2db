#include "policy/policy_replay.h"

#include <gtest/gtest.h>

#include "policy/decide.h"

namespace nearside::policy {
namespace {

PolicySet two() {
  PolicySet set;
  Target near, far;
  near.name = "onprem/near";
  near.place = Place::kOnprem;
  near.quality.prior = 0.7;
  near.cost = LocalCost{.usd_per_hour = 3.6};
  near.speed = {100, 50, {}};
  far.name = "cloud/far";
  far.place = Place::kCloud;
  far.quality.prior = 0.9;
  far.cost = Price{1000, 4000, {}};
  far.speed = {200, 100, {}};
  set.targets = {near, far};
  set.routes = {{"auto", {0, 1}, {}}};
  return set;
}

Ask question(Sensitivity level) {
  Ask ask;
  ask.label.sensitivity = level;
  ask.label.categories = {"email"};
  ask.prompt_tokens = 1000;
  ask.completion_tokens = 100;
  ask.tenant = "plant";
  ask.language = "de";
  return ask;
}

/// As it comes out of a ledger.
RecordedDecision recorded(const Decision& decision) {
  return read_decision(base::parse_json(to_json(decision)).value()).value();
}

TEST(RecordedDecision, DecidesAgainAsItDidUnderTheSamePolicy) {
  const PolicySet set = two();
  std::vector<Live> live(2);
  live[0].ttft_p50_ms = 123;
  live[0].ttft_p95_ms = 456;
  live[0].tokens_per_second_p50 = 33;
  live[0].tokens_per_second_p05 = 11;
  live[1].healthy = false;
  live[1].unhealthy_why = "the breaker is open";
  const Decision made = decide(set, live, question(Sensitivity::kInternal), {}).value();
  const RecordedDecision past = recorded(made);
  EXPECT_EQ(past.chosen, "onprem/near");
  EXPECT_EQ(past.ask.tenant, "plant");
  EXPECT_EQ(past.ask.label.categories, std::vector<std::string>{"email"});
  const Decision again = decide(set, past.live_for(set), past.ask, made.time).value();
  EXPECT_EQ(again.chosen().target, made.chosen().target);
  EXPECT_EQ(again.considered[1].vetoes.front().reason, "the breaker is open");
  EXPECT_NEAR(*again.considered[0].quote.total_p95_ms, *made.considered[0].quote.total_p95_ms,
              1e-6);
  EXPECT_NEAR(*again.considered[0].quote.total_p50_ms, *made.considered[0].quote.total_p50_ms,
              1e-6);
}

TEST(RecordedDecision, IsRefusedWhereThereIsNone) {
  EXPECT_FALSE(read_decision(base::parse_json("{}").value()).has_value());
  EXPECT_FALSE(read_decision(base::parse_json("[]").value()).has_value());
  EXPECT_FALSE(
      read_decision(base::parse_json(R"({"label":{"sensitivity":"x"},"request":{}})").value())
          .has_value());
}

TEST(PolicyReplay, CountsWhatMovesAndWhatItCosts) {
  const PolicySet before = two();
  PolicySet after = two();
  after.routes[0].objective.quality_min = 0.8;
  PolicyReplay replay(after);
  const auto past = [&](Sensitivity level) {
    return recorded(decide(before, std::vector<Live>(2), question(level), {}).value());
  };
  EXPECT_EQ(replay.add(past(Sensitivity::kInternal), {1000, 0, 50, 0.002}), "cloud/far");
  // Confidential data may not go there whatever the quality.
  EXPECT_EQ(replay.add(past(Sensitivity::kConfidential), {1000, 0, 50, 0.003}), "onprem/near");
  const ReplayReport& report = replay.report();
  EXPECT_EQ(report.decisions, 2U);
  EXPECT_EQ(report.changed, 1U);
  const ReplayedMove& move = report.moves.at({"onprem/near", "cloud/far"});
  EXPECT_EQ(move.decisions, 1U);
  EXPECT_DOUBLE_EQ(move.before_usd, 0.002);
  EXPECT_DOUBLE_EQ(move.after_usd, 1000 * 0.001 + 50 * 0.004);
  EXPECT_DOUBLE_EQ(report.before_usd, 0.005);
  EXPECT_DOUBLE_EQ(report.after_usd, 0.003 + 1.2);
}

TEST(PolicyReplay, KnowsRefusalsOnBothSides) {
  PolicySet strict = two();
  Rule none;
  none.name = "none";
  none.categories = {"email"};
  none.places = Places::none();
  strict.rules.push_back(none);
  PolicyReplay stricter(strict);
  const Decision served =
      decide(two(), std::vector<Live>(2), question(Sensitivity::kInternal), {}).value();
  EXPECT_EQ(stricter.add(recorded(served), {10, 0, 10, 0.5}), "refused");
  EXPECT_DOUBLE_EQ(stricter.report().after_usd, 0);
  const PolicySet loose = two();
  PolicyReplay looser(loose);
  const Decision refused =
      decide(strict, std::vector<Live>(2), question(Sensitivity::kInternal), {}).value();
  EXPECT_EQ(looser.add(recorded(refused), {}), "onprem/near");
  EXPECT_GT(looser.report().after_usd, 0);
}

TEST(PolicyReplay, CountsModelsThatTheNewPolicyDoesNotHave) {
  PolicySet set = two();
  RecordedDecision past =
      recorded(decide(set, std::vector<Live>(2), question(Sensitivity::kPublic), {}).value());
  past.ask.model = "gone";
  PolicyReplay replay(set);
  EXPECT_EQ(replay.add(past, {}), "");
  EXPECT_EQ(replay.report().unknown_model, 1U);
}

}  // namespace
}  // namespace nearside::policy
