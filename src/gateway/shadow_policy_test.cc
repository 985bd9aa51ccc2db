#include "gateway/shadow_policy.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"

namespace nearside::gateway {
namespace {

using policy::Place;

constexpr char kTargets[] = R"(
targets:
  - {name: onprem/a, place: onprem, upstream: {url: "http://x/v1", model: m}, quality: {prior: 0.5}, local_cost: {usd_per_hour: 1}}
  - {name: cloud/b, place: cloud, upstream: {url: "http://x/v1", model: m}, quality: {prior: 0.9}, price: {usd_per_million_input_tokens: 1, usd_per_million_output_tokens: 1}}
)";

TEST(ShadowPolicy, DecidesBesideTheLiveOneAndNeverActs) {
  std::string pattern = testing::TempDir() + "/shadow.XXXXXX";
  const std::string folder = ::mkdtemp(pattern.data());
  std::ofstream(folder + "/new.yaml") << kTargets << "policy: {quality_min: 0.8}\n"
                                      << "routes: [{name: all, targets: [onprem/a, cloud/b]}]\n";
  NodeForTest node;
  node.add("onprem/a", Place::kOnprem, says({"x"}, finished()));
  ScriptedBackend& cloud = node.add("cloud/b", Place::kCloud, says({"x"}, finished()));
  auto loaded = ShadowPolicy::load(folder + "/new.yaml", node.config.policy, {});
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  node.shadow = *loaded;
  node.start();
  const auto ask = [&](const std::string& text) {
    return node.chat(R"({"model":"all","messages":[{"role":"user","content":")" + text + R"("}]})")
        .header("x-nearside-target");
  };
  EXPECT_EQ(ask("hello"), "onprem/a");
  EXPECT_EQ(ask("mail jo@plant.example"), "onprem/a");  // where both agree
  EXPECT_EQ(cloud.calls(), 0);
  const std::string metrics = node.request("GET", "/metrics").body;
  EXPECT_NE(
      metrics.find(R"(nearside_shadow_decisions_total{target="onprem/a",shadow="cloud/b"} 1)"),
      std::string::npos)
      << metrics;
  EXPECT_NE(
      metrics.find(R"(nearside_shadow_decisions_total{target="onprem/a",shadow="onprem/a"} 1)"),
      std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(ShadowPolicy, SaysWhenItDoesNotKnowTheModelOrTheFile) {
  policy::PolicySet live;
  EXPECT_FALSE(ShadowPolicy::load("/absent/new.yaml", live, {}).has_value());
  const ShadowPolicy shadow(live, live);
  policy::Decision made;
  made.ask.model = "gone";
  EXPECT_EQ(shadow.choice(made, {}), "unknown model");
}

}  // namespace
}  // namespace nearside::gateway
