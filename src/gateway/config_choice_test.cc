// The keys about how targets are chosen: cascades, queues, learning, trials.
#include <gtest/gtest.h>

#include "gateway/config.h"

namespace nearside::gateway {
namespace {

constexpr char kTarget[] =
    "targets: [{name: onprem/a, place: onprem, upstream: {url: \"http://x/v1\", model: m}, "
    "concurrency: 4, local_cost: {usd_per_hour: 1, idle_watts: 50, utilization: 0.5}}]\n";

std::string problem(const std::string& text) {
  const auto config = parse_config(kTarget + text, "/etc/nearside.yaml");
  return config ? "" : config.error().message;
}

TEST(ConfigOfChoice, ReadsEveryKey) {
  const auto config = parse_config(std::string(kTarget) + R"(
policy:
  quality_min: 0.9
  cascade: {quality_min: 0.5, logprob_mean_min: -1.5, streams: true}
  resume: on
  overflow: {enter_share: 0.7, leave_share: 0.2, leave_after: 5s}
routes:
  - {name: judged, targets: [onprem/a]}
  - {name: plain, targets: [onprem/a], cascade: off, resume: asked}
quality: {model: q.model, learned: q.learned, save_every: 30s}
feedback: {file: said.jsonl, sensitivity_max: public}
shadow: {config: next.yaml}
comparisons: {share: 0.25, tenants: [""], usd_per_day: 2.5, targets: [onprem/a], at_once: 3, judge: onprem/a,
  sensitivity_max: public, logprob_mean_min: -2, charged: true}
)",
                                   "/etc/nearside.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  const policy::PolicySet& set = config->policy;
  EXPECT_EQ(set.targets[0].concurrency, 4U);
  const auto& cost = std::get<policy::LocalCost>(*set.targets[0].cost);
  EXPECT_EQ(cost.idle_watts, 50);
  EXPECT_EQ(cost.utilization, 0.5);
  ASSERT_TRUE(set.objective_for("judged").cascade.has_value());
  EXPECT_EQ(set.objective_for("judged").cascade->quality_min, 0.5);
  EXPECT_EQ(set.objective_for("judged").cascade->logprob_mean_min, -1.5);
  EXPECT_TRUE(set.objective_for("judged").cascade->streams);
  EXPECT_FALSE(set.objective_for("plain").cascade.has_value());
  EXPECT_EQ(set.overflow.enter_share, 0.7);
  EXPECT_EQ(set.overflow.leave_after, std::chrono::seconds(5));
  EXPECT_EQ(config->quality.model, "/etc/q.model");
  EXPECT_EQ(config->quality.learned, "/etc/q.learned");
  EXPECT_EQ(config->feedback.sensitivity_max, policy::Sensitivity::kPublic);
  EXPECT_EQ(config->shadow_file, "/etc/next.yaml");
  EXPECT_EQ(set.objective_for("judged").resume, policy::Resume::kOn);
  EXPECT_EQ(set.objective_for("plain").resume, policy::Resume::kAsked);
  EXPECT_EQ(config->comparisons.share, 0.25);
  EXPECT_EQ(config->comparisons.tenants, std::vector<std::string>{""});
  EXPECT_EQ(config->comparisons.targets, std::vector<std::string>{"onprem/a"});
  EXPECT_EQ(config->comparisons.usd_per_day, 2.5);
  EXPECT_EQ(config->comparisons.at_once, 3U);
  EXPECT_EQ(config->comparisons.judge, "onprem/a");
  EXPECT_EQ(config->comparisons.sensitivity_max, policy::Sensitivity::kPublic);
  EXPECT_EQ(config->comparisons.logprob_mean_min, -2);
  EXPECT_TRUE(config->comparisons.charged);
}

TEST(ConfigOfChoice, NamesWhatCannotBeMeant) {
  EXPECT_NE(problem("quality: {}\n").find("quality names no file"), std::string::npos);
  EXPECT_NE(problem("quality: {model: q, learned: q}\nfeedback: {file: f}\n").find("are one file"),
            std::string::npos);
  EXPECT_NE(problem("quality: {learned: q}\n").find("nobody can teach"), std::string::npos);
  EXPECT_NE(problem("feedback: {}\n").find("where judgements of answers are kept"),
            std::string::npos);
  EXPECT_NE(problem("shadow: {}\n").find("whose policy is tried"), std::string::npos);
  EXPECT_NE(problem("policy: {cascade: {streams: true}}\n").find("quality_min"), std::string::npos);
  EXPECT_NE(problem("policy: {resume: maybe}\n").find("write off, asked or on"), std::string::npos);
  const std::string comparisons = "comparisons: {share: 1, tenants: [''], usd_per_day: 1";
  const std::string feedback = "feedback: {file: f}\n";
  EXPECT_EQ(problem(comparisons + "}\n" + feedback), "");
  EXPECT_NE(problem(comparisons + "}\n").find(":2: comparisons would teach nobody"),
            std::string::npos);
  EXPECT_NE(problem(comparisons + ", judge: onprem/b}\n" + feedback)
                .find("judge 'onprem/b' is not known; did you mean 'onprem/a'?"),
            std::string::npos);
  EXPECT_NE(problem("comparisons: {share: 1}\n").find("usd_per_day"), std::string::npos);
  EXPECT_NE(problem("policy: {overflow: {enter_share: 0.3}}\n").find("leave_share"),
            std::string::npos);
}

TEST(ConfigOfChoice, AServerWritesOnOnlyAsItsProviderCan) {
  const auto of = [](const std::string& provider, const std::string& how) {
    const auto config =
        parse_config("targets: [{name: onprem/a, place: onprem, upstream: {provider: " + provider +
                         ", url: \"http://x/v1\", model: m, continues: " + how + "}}]\n",
                     "n.yaml");
    return config ? std::string() : config.error().message;
  };
  for (const char* how : {"off", "last_message", "prefix", "continue_final_message"})
    EXPECT_EQ(of("openai", how), "");
  EXPECT_EQ(of("anthropic", "last_message"), "");
  EXPECT_NE(of("anthropic", "prefix").find("provider anthropic has no words"), std::string::npos);
  EXPECT_NE(of("gemini", "last_message").find("n.yaml:1: "), std::string::npos);
  EXPECT_NE(of("openai", "perhaps").find("known are off, last_message"), std::string::npos);
}

}  // namespace
}  // namespace nearside::gateway
