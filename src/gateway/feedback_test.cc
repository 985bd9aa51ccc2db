// Judgements of answers: kept, read by `route train`, learned from, and never more than that.
#include "gateway/feedback.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/file.h"
#include "gateway/node_for_test.h"
#include "policy/quality/judged_prompts.h"
#include "trust/sha256.h"

namespace nearside::gateway {
namespace {

using policy::Place;

class FeedbackTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/feedback.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void serve(NodeForTest& node) {
    node.quality = std::move(LearnedQuality::open(learning())).value();
    FeedbackConfig config;
    config.file = file();
    node.open_feedback(config);
    node.add("device/a", Place::kDevice, says({"x"}, finished()));
    node.start();
  }
  [[nodiscard]] QualityConfig learning() const {
    QualityConfig config;
    config.learned = folder_ + "/quality.learned";
    return config;
  }
  [[nodiscard]] std::string file() const { return folder_ + "/feedback.jsonl"; }
  [[nodiscard]] std::string kept() const { return base::read_file(file()).value(); }
  static std::string judge(const std::string& decision, const std::string& good) {
    return R"({"decision_id":")" + decision + R"(","good":)" + good + "}";
  }
  static std::string about(const std::string& text) {
    return R"({"model":"auto","messages":[{"role":"user","content":")" + text + R"("}]})";
  }
  std::string folder_;
};

TEST_F(FeedbackTest, IsKeptBeforeItIsConfirmedAndReadByTraining) {
  NodeForTest node;
  serve(node);
  const Reply answer = node.chat(about("Why does the pump leak?"));
  const Reply reply =
      node.request("POST", "/v1/feedback", judge(answer.header("x-nearside-decision"), "false"));
  EXPECT_EQ(reply.status, 200) << reply.body;
  const auto judged = policy::parse_judged_prompts(kept());
  ASSERT_TRUE(judged.has_value()) << judged.error().message;
  ASSERT_EQ(judged->size(), 1U);
  EXPECT_EQ(judged->front().prompt, "Why does the pump leak?");
  EXPECT_EQ(judged->front().scores.at("device/a"), 0);
}

TEST_F(FeedbackTest, TeachesTheQualityModelOnceForEachAnswer) {
  NodeForTest node;
  serve(node);
  const std::string decision =
      node.chat(about("Why does the pump leak?")).header("x-nearside-decision");
  const std::vector<policy::Target> targets{node.config.policy.targets[0]};
  EXPECT_TRUE(node.quality->chances("Why does the pump leak?", targets, "en").empty());
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(node.request("POST", "/v1/feedback", judge(decision, "0.25")).status,
              i == 0 ? 200 : 404);
  EXPECT_EQ(node.quality->chances("Why does the pump leak?", targets, "en").size(), 1U);
}

TEST_F(FeedbackTest, KeepsNoTextOfConfidentialRequests) {
  NodeForTest node;
  serve(node);
  const Reply answer = node.chat(about("Mail it to jo@plant.example"));
  ASSERT_EQ(answer.header("x-nearside-label"), "confidential; email");
  // Its prompt was never remembered, and this test's ledger finds nothing.
  EXPECT_EQ(
      node.request("POST", "/v1/feedback", judge(answer.header("x-nearside-decision"), "true"))
          .status,
      404);
  EXPECT_EQ(kept(), "");
}

TEST_F(FeedbackTest, OfARequestThatOnlyTheLedgerKnowsIsKeptWithoutItsText) {
  base::Logger log(base::Level::kOff);
  const base::SystemClock clock;
  auto ledger = std::move(telemetry::Ledger::open(folder_ + "/ledger.sqlite", {}, log)).value();
  telemetry::Record record;
  record.decision_id = "D";
  record.tenant = "plant";
  record.target = "cloud/x";
  record.outcome = telemetry::Outcome::kOk;
  record.decision_json = "{}";
  std::promise<void> durable;
  ASSERT_TRUE(ledger->finish(record, [&](const base::Status&) { durable.set_value(); }));
  durable.get_future().wait();
  FeedbackConfig config;
  config.file = file();
  auto feedback =
      std::move(Feedback::open(config, std::chrono::hours(1), *ledger, nullptr, clock, log))
          .value();
  const auto judged_by = [&](const std::string& tenant) {
    std::promise<base::Status> said;
    EXPECT_TRUE(feedback->submit({"D", 1, tenant, "k"},
                                 [&](const base::Status& status) { said.set_value(status); }));
    return said.get_future().get();
  };
  EXPECT_EQ(judged_by("clinic").error().code, base::Code::kNotFound);
  EXPECT_TRUE(judged_by("plant"));
  EXPECT_NE(kept().find(R"("prompt":null)"), std::string::npos);
  EXPECT_TRUE(policy::parse_judged_prompts(kept())->empty());
}

TEST_F(FeedbackTest, IsRefusedFromStrangersAndWhenItSaysNothing) {
  NodeForTest node;
  node.config.auth.keys.push_back({.name = "desk",
                                   .sha256 = trust::sha256("k1"),
                                   .sha256_next = {},
                                   .client_name = {},
                                   .tenant = {}});
  serve(node);
  EXPECT_EQ(node.request("POST", "/v1/feedback", judge("x", "true")).status, 401);
  const http::Headers key{{"authorization", "Bearer k1"}};
  EXPECT_EQ(node.request("POST", "/v1/feedback", judge("x", "true"), key).status, 404);
  EXPECT_EQ(node.request("POST", "/v1/feedback", judge("x", "2"), key).status, 400);
  EXPECT_EQ(node.request("POST", "/v1/feedback", "{}", key).status, 400);
  EXPECT_EQ(node.request("POST", "/v1/feedback", "[", key).status, 400);
  EXPECT_EQ(node.request("GET", "/v1/feedback", "", key).status, 405);
  NodeForTest without;
  without.add("device/a", Place::kDevice, says({"x"}, finished()));
  without.start();
  EXPECT_EQ(without.request("POST", "/v1/feedback", judge("x", "true")).status, 404);
}

TEST_F(FeedbackTest, WhatWasLearnedIsThereAfterARestart) {
  {
    NodeForTest node;
    serve(node);
    const Reply answer = node.chat(about("Why does the pump leak?"));
    node.request("POST", "/v1/feedback", judge(answer.header("x-nearside-decision"), "true"));
  }
  const auto again = std::move(LearnedQuality::open(learning())).value();
  policy::Target target;
  target.name = "device/a";
  EXPECT_EQ(again->chances("x", {&target, 1}, "").size(), 1U);
}

TEST(LearnedQuality, SendsAPromptWhereItIsAnsweredWell) {
  std::string pattern = testing::TempDir() + "/learned.XXXXXX";
  const std::string folder = ::mkdtemp(pattern.data());
  std::vector<policy::JudgedPrompt> judged;
  for (int i = 0; i < 60; ++i) {
    const std::string n = std::to_string(i);
    judged.push_back(
        {"prove the theorem about prime numbers " + n, {{"device/a", 0}, {"cloud/b", 1}}});
    judged.push_back(
        {"write a short greeting for the morning " + n, {{"device/a", 1}, {"cloud/b", 1}}});
  }
  QualityConfig config;
  config.model = folder + "/quality.model";
  ASSERT_TRUE(
      base::write_file_atomic(config.model, policy::QualityModel::train(judged, {})->serialize()));
  NodeForTest node;
  node.quality = std::move(LearnedQuality::open(config)).value();
  node.add("device/a", Place::kDevice, says({"x"}, finished()));
  node.add("cloud/b", Place::kCloud, says({"x"}, finished()));
  node.config.policy.objective.quality_min = 0.7;
  node.start();
  const auto target_of = [&](const std::string& text) {
    return node.chat(R"({"model":"all","messages":[{"role":"user","content":")" + text + R"("}]})")
        .header("x-nearside-target");
  };
  EXPECT_EQ(target_of("write a short greeting for the morning"), "device/a");
  EXPECT_EQ(target_of("prove the theorem about prime numbers"), "cloud/b");
  // It has never seen such words: the configured figure holds.
  EXPECT_EQ(target_of("Förderband steht Halle zwei Schaltschrank"), "device/a");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace nearside::gateway
