#include "policy/cascade.h"

#include <gtest/gtest.h>

#include "policy/decide.h"

namespace nearside::policy {
namespace {

/// small: cheap, often wrong. middle: dearer, seldom wrong. large: dear, right.
PolicySet three() {
  PolicySet set;
  const auto add = [&](const char* name, Place place, double quality, double usd) {
    Target target;
    target.name = name;
    target.place = place;
    target.quality.prior = quality;
    target.cost = Price{usd, usd, {}};
    target.speed = {10, 100, {}};
    set.targets.push_back(target);
  };
  add("device/small", Place::kDevice, 0.6, 0.1);
  add("onprem/middle", Place::kOnprem, 0.75, 2);
  add("cloud/large", Place::kCloud, 0.95, 10);
  Route route{"all", {0, 1, 2}, {}};
  route.objective.quality_min = 0.9;
  route.objective.cascade = Cascade{.quality_min = 0.5, .logprob_mean_min = {}};
  set.routes = {route};
  return set;
}

Ask question() {
  Ask ask;
  ask.prompt_tokens = 100;
  ask.answers_judgeable = true;
  return ask;
}

Decision decided(const PolicySet& set, const Ask& ask) {
  return decide(set, std::vector<Live>(set.targets.size()), ask, {}).value();
}

std::string order(const Decision& decision) {
  std::string out;
  for (const std::size_t index : decision.ranked)
    out +=
        decision.considered[index].target.substr(decision.considered[index].target.find('/') + 1) +
        " ";
  return out;
}

TEST(Cascade, TriesTheCheapFirstAndAsksTheSureNext) {
  const Decision decision = decided(three(), question());
  EXPECT_TRUE(decision.cascade.has_value());
  EXPECT_EQ(order(decision), "small large middle ");
  EXPECT_EQ(decision.chosen().standing,
            "chosen: tried first, cloud/large is asked if the answer fails");
}

TEST(Cascade, IsNotWorthATryWhereItFailsTooOften) {
  PolicySet set = three();
  set.targets[0].quality.prior = 0.4;  // below cascade.quality_min
  EXPECT_EQ(order(decided(set, question())), "middle large small ");
  set.targets[1].cost = Price{8, 8, {}};  // 8 + 0.25 x 10 is more than 10
  const Decision decision = decided(set, question());
  EXPECT_EQ(decision.chosen().target, "cloud/large");
  EXPECT_FALSE(decision.cascade.has_value());
}

TEST(Cascade, JudgesAGoodFirstTargetToo) {
  PolicySet set = three();
  set.targets[0].quality.prior = 0.92;
  const Decision decision = decided(set, question());
  EXPECT_TRUE(decision.cascade.has_value());
  EXPECT_EQ(order(decision), "small large middle ");
}

TEST(Cascade, NeverEscalatesToAForbiddenTarget) {
  Ask ask = question();
  ask.label.sensitivity = Sensitivity::kConfidential;
  const Decision decision = decided(three(), ask);
  EXPECT_FALSE(decision.cascade.has_value());
  EXPECT_EQ(order(decision), "middle small ");
}

TEST(Cascade, LeavesAloneWhatCannotWaitOrBeJudged) {
  const auto cascades = [](const auto& change) {
    Ask ask = question();
    change(ask);
    return decided(three(), ask).cascade.has_value();
  };
  EXPECT_FALSE(cascades([](Ask& ask) { ask.streamed = true; }));
  EXPECT_FALSE(cascades([](Ask& ask) { ask.answers_judgeable = false; }));
  EXPECT_FALSE(cascades([](Ask& ask) { ask.priority = Priority::kRealtime; }));
  EXPECT_FALSE(cascades([](Ask& ask) { ask.model = "device/small"; }));
  // One answer takes about 1.3 s, two do not fit.
  EXPECT_FALSE(cascades([](Ask& ask) { ask.deadline_ms = 2000; }));
  EXPECT_TRUE(cascades([](Ask& ask) { ask.deadline_ms = 3000; }));
  EXPECT_FALSE(cascades([](Ask& ask) { ask.cost_max_usd = 0.00229; }));
  EXPECT_TRUE(cascades([](Ask& ask) { ask.cost_max_usd = 0.00231; }));
}

TEST(Cascade, HoldsStreamsWhereTheRouteSaysSo) {
  PolicySet set = three();
  set.routes[0].objective.cascade->streams = true;
  Ask ask = question();
  ask.streamed = true;
  EXPECT_TRUE(decided(set, ask).cascade.has_value());
}

TEST(Session, GoesOnWhereItsToolsWereCalledIfItMay) {
  Ask ask = question();
  ask.tools_called_by = "cloud/large";
  Decision decision = decided(three(), ask);
  EXPECT_EQ(decision.chosen().target, "cloud/large");
  EXPECT_EQ(decision.chosen().standing, "chosen: its tool calls are being answered");
  EXPECT_FALSE(decision.cascade.has_value());
  ask.label.sensitivity = Sensitivity::kConfidential;
  EXPECT_EQ(decided(three(), ask).chosen().place, Place::kOnprem);
}

TEST(Queue, MakesAQuoteSlowerAndRealtimeGoElsewhere) {
  PolicySet set = three();
  set.routes[0].objective = {};
  std::vector<Live> live(3);
  live[0].queue =
      QueueState{.waiting = 4, .service_ms = 500, .concurrency = 2, .first_token_ms = {}};
  Ask ask = question();
  Decision decision = decide(set, live, ask, {}).value();
  EXPECT_EQ(decision.chosen().target, "device/small");  // nobody minds waiting
  EXPECT_DOUBLE_EQ(decision.considered[0].quote.queue_ms, 1000);
  EXPECT_DOUBLE_EQ(*decision.considered[0].quote.ttft_p50_ms, 1010);
  ask.priority = Priority::kRealtime;
  EXPECT_EQ(decide(set, live, ask, {}).value().chosen().target, "onprem/middle");
  // A target whose times nobody knows is still better than a queue.
  set.targets[1].speed = {};
  set.targets[2].speed = {};
  EXPECT_NE(decide(set, live, ask, {}).value().chosen().target, "device/small");
}

TEST(Queue, ThatOverflowsComesBehindThoseThatAreFastEnough) {
  PolicySet set = three();
  set.routes[0].objective = {};
  std::vector<Live> live(3);
  live[0].overflowing = true;
  EXPECT_EQ(decide(set, live, question(), {}).value().chosen().target, "onprem/middle");
  Ask ask = question();
  ask.label.sensitivity = Sensitivity::kConfidential;
  live[1].healthy = false;
  EXPECT_EQ(decide(set, live, ask, {}).value().chosen().target, "device/small");
}

}  // namespace
}  // namespace nearside::policy
