// Second answers in the background: what they teach, what they may cost, where they may not go.
#include "gateway/comparisons.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"
#include "gateway/node_for_test.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;
using policy::Place;

constexpr std::string_view kQuestion = "What is the capital of France?";

class ComparisonsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/comparisons.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    rules_.share = 1;
    rules_.tenants = {""};
    rules_.usd_per_day = 1;
    node_ = std::make_unique<NodeForTest>();
  }
  void TearDown() override {
    node_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    QualityConfig quality;
    quality.learned = folder_ + "/quality.learned";
    node_->quality = std::move(LearnedQuality::open(quality)).value();
    FeedbackConfig feedback;
    feedback.file = folder_ + "/feedback.jsonl";
    feedback.sensitivity_max = rules_.sensitivity_max;
    node_->open_feedback(feedback);
    node_->open_comparisons(rules_);
    node_->start();
  }
  Reply ask(std::string_view text = kQuestion, const http::Headers& headers = {},
            bool stream = false) {
    return node_->chat(R"({"model":"auto","max_tokens":50,"messages":[{"role":"user","content":")" +
                           std::string(text) + R"("}])" + (stream ? R"(,"stream":true})" : "}"),
                       headers);
  }
  /// The record of the comparison, which comes after the request's own.
  telemetry::Record compared(std::size_t records = 2) {
    telemetry::Record record = node_->ledger.wait(records);
    EXPECT_EQ(record.operation, "comparison");
    return record;
  }
  [[nodiscard]] std::string outcome(const telemetry::Record& record) const {
    return std::string(base::parse_json(record.decision_json)->at("outcome").as_string());
  }
  /// What was learned, once everything is on the disk.
  std::map<std::string, double> learned() {
    node_->stop();
    node_->comparisons.reset();
    node_->feedback.reset();
    std::map<std::string, double> out;
    const std::string lines = base::read_file(folder_ + "/feedback.jsonl").value();
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = lines.find('\n', at);
      const json::value line = base::parse_json(lines.substr(at, end - at)).value();
      EXPECT_EQ(line.at("by"), "comparison");
      EXPECT_EQ(line.at("prompt"), json::value(kQuestion));
      out[std::string(line.at("target").as_string())] = line.at("good").to_number<double>();
      at = end + 1;
    }
    return out;
  }
  [[nodiscard]] double counted(const std::string& labels) const {
    const std::string text = node_->metrics.text();
    const std::string name = "nearside_comparisons_total{" + labels + "} ";
    const std::size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size()));
  }

  std::string folder_;
  ComparisonRules rules_;
  std::unique_ptr<NodeForTest> node_;
};

TEST_F(ComparisonsTest, AgreementTeachesBothAndTheCallerPaysForOne) {
  node_->add("device/small", Place::kDevice, says({"Par", "is"}, finished()));
  node_->add("onprem/large", Place::kOnprem, says({"paris."}, finished(7, 3)));
  start();
  for (const bool stream : {false, true}) {
    const Reply reply = ask(kQuestion, {}, stream);
    EXPECT_EQ(reply.header("x-nearside-target"), "device/small");
    const telemetry::Record record = compared(stream ? 4 : 2);
    EXPECT_EQ(outcome(record), "agreed");
    ASSERT_EQ(record.attempts.size(), 1U);
    EXPECT_TRUE(record.attempts[0].shadow);
    EXPECT_EQ(record.attempts[0].target, "onprem/large");
    EXPECT_GT(record.cost_usd.value_or(0), 0);
    EXPECT_EQ(record.tenant, "");
    EXPECT_EQ(base::parse_json(record.decision_json)->at("compared"),
              json::value(reply.header("x-nearside-decision")));
    for (const telemetry::Record& own : node_->ledger.finished) EXPECT_EQ(own.attempts.size(), 1U);
  }
  const auto good = learned();
  EXPECT_EQ(good, (std::map<std::string, double>{{"device/small", 1}, {"onprem/large", 1}}));
  EXPECT_EQ(node_->quality->chances(kQuestion, node_->config.policy.targets, "en").size(), 2U);
}

TEST_F(ComparisonsTest, ARefusalTeachesAgainstWhoeverRefused) {
  node_->add("device/small", Place::kDevice, says({"I cannot help with that."}, finished()));
  node_->add("onprem/large", Place::kOnprem, says({"Paris"}, finished()));
  start();
  ask();
  EXPECT_EQ(outcome(compared()), "first_failed");
  EXPECT_EQ(learned(), (std::map<std::string, double>{{"device/small", 0}, {"onprem/large", 1}}));
}

TEST_F(ComparisonsTest, WhereTheyDifferNothingIsLearnedWithoutAJudge) {
  node_->add("device/small", Place::kDevice, says({"Lyon"}, finished()));
  node_->add("onprem/large", Place::kOnprem, says({"Paris"}, finished()));
  start();
  ask();
  EXPECT_EQ(outcome(compared()), "differed");
  EXPECT_TRUE(learned().empty());
}

TEST_F(ComparisonsTest, TheJudgeDecidesWhicheverStandsFirst) {
  std::atomic<int> paris_first{0}, paris_second{0};
  node_->add("device/small", Place::kDevice, says({"Lyon"}, finished()));
  node_->add("onprem/large", Place::kOnprem, says({"Paris"}, finished()));
  node_->add("onprem/judge", Place::kOnprem,
             [&](const chat::Request& request, const chat::Sink& sink) -> std::function<void()> {
               const std::string asked = json::serialize(request.messages);
               EXPECT_EQ(request.priority, chat::Priority::kBatch);
               const bool first = asked.find("Paris") < asked.find("Lyon");
               ++(first ? paris_first : paris_second);
               sink(chat::TextDelta{first ? R"({"good":"a"})" : R"({"good":"b"})"});
               sink(finished(30, 4));
               return {};
             });
  rules_.targets = {"onprem/large"};
  rules_.judge = "onprem/judge";
  start();
  for (std::size_t i = 1; i <= 4; ++i) {
    ask();
    const telemetry::Record record = compared(2 * i);
    EXPECT_EQ(outcome(record), "judged");
    EXPECT_EQ(record.attempts.size(), 2U);
    EXPECT_EQ(base::parse_json(record.decision_json)->at("good").at("onprem/large"),
              json::value(1.0));
  }
  EXPECT_EQ(paris_first, 2);
  EXPECT_EQ(paris_second, 2);
  EXPECT_EQ(learned(), (std::map<std::string, double>{{"device/small", 0}, {"onprem/large", 1}}));
}

TEST_F(ComparisonsTest, TheJudgeReadsOnlyWhatItMayRead) {
  // Both answers hold an address, so what the judge would read is confidential.
  node_->add("device/small", Place::kDevice, says({"Ask anna@plant-mail.org"}, finished()));
  node_->add("onprem/large", Place::kOnprem, says({"Ask bert@plant-mail.org"}, finished()));
  const ScriptedBackend& judge =
      node_->add("cloud/judge", Place::kCloud, says({R"({"good":"a"})"}, finished()));
  rules_.targets = {"onprem/large"};
  rules_.judge = "cloud/judge";
  start();
  ask();
  EXPECT_EQ(outcome(compared()), "differed");
  EXPECT_EQ(judge.calls(), 0);
}

TEST_F(ComparisonsTest, ConfidentialRequestsAreAskedWhereTheyMayGoAndNowhereElse) {
  node_->add("device/small", Place::kDevice, says({"ok"}, finished()));
  const ScriptedBackend& inside =
      node_->add("onprem/large", Place::kOnprem, says({"ok"}, finished()));
  const ScriptedBackend& cloud = node_->add("cloud/large", Place::kCloud, says({"ok"}, finished()));
  rules_.sensitivity_max = policy::Sensitivity::kConfidential;
  start();
  for (std::size_t i = 1; i <= 20; ++i) {
    ask("Write to anna@plant-mail.org");
    compared(2 * i);
  }
  EXPECT_EQ(inside.calls(), 20);
  EXPECT_EQ(cloud.calls(), 0);
}

TEST_F(ComparisonsTest, OthersThanThoseThatTakePartAreNeverAskedTwice) {
  node_->add("device/small", Place::kDevice, says({"ok"}, finished()));
  const ScriptedBackend& other =
      node_->add("onprem/large", Place::kOnprem, says({"ok"}, finished()));
  rules_.tenants = {"plant"};
  start();
  ask();
  node_->ledger.wait(1);
  node_->comparisons.reset();
  EXPECT_EQ(other.calls(), 0);
}

TEST_F(ComparisonsTest, LabelsThatMayNotBeLearnedFromAreNotAskedTwice) {
  node_->add("device/small", Place::kDevice, says({"ok"}, finished()));
  const ScriptedBackend& other =
      node_->add("onprem/large", Place::kOnprem, says({"ok"}, finished()));
  start();
  ask("Write to anna@plant-mail.org");
  node_->ledger.wait(1);
  node_->stop();
  EXPECT_EQ(other.calls(), 0);
}

TEST_F(ComparisonsTest, TheDaysMoneyIsNeverExceeded) {
  node_->add("device/small", Place::kDevice, says({"ok"}, finished()));
  const ScriptedBackend& other =
      node_->add("onprem/large", Place::kOnprem, says({"ok"}, finished(100, 50)));
  // Prices of the test kit: 2 USD a million tokens there. One costs at most 50 tokens of answer and
  // the prompt; what it did not use is given back.
  rules_.usd_per_day = 0.001;
  start();
  for (int i = 0; i < 20; ++i) {
    ask();
    while (node_->comparisons->under_way() != 0) std::this_thread::yield();
  }
  node_->stop();
  double spent = 0;
  for (const telemetry::Record& record : node_->ledger.finished)
    if (record.operation == "comparison") spent += record.cost_usd.value_or(0);
  EXPECT_GT(other.calls(), 1);
  EXPECT_LT(other.calls(), 20);
  EXPECT_LE(spent, 0.001);
  EXPECT_GT(counted(R"(target="device/small",second="none",outcome="budget")"), 0);
}

TEST_F(ComparisonsTest, NobodyWaitsForAComparisonAndFewAreUnderWay) {
  std::mutex mutex;
  std::vector<chat::Sink> held;
  node_->add("device/small", Place::kDevice, says({"ok"}, finished()));
  const ScriptedBackend& other =
      node_->add("onprem/large", Place::kOnprem,
                 [&](const chat::Request&, chat::Sink sink) -> std::function<void()> {
                   const std::scoped_lock lock(mutex);
                   held.push_back(std::move(sink));
                   return {};
                 });
  rules_.at_once = 2;
  start();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask().status, 200);
  while (counted(R"(target="device/small",second="none",outcome="busy")") < 3)
    std::this_thread::yield();
  EXPECT_EQ(other.calls(), 2);
  EXPECT_EQ(node_->comparisons->under_way(), 2U);
  // What is under way when the node ends is cancelled.
  node_->stop();
  node_->comparisons.reset();
  for (const chat::Sink& sink : held) sink(finished());
  held.clear();
}

TEST_F(ComparisonsTest, ATargetThatFailsTeachesNothing) {
  node_->add("device/small", Place::kDevice, says({"ok"}, finished()));
  node_->add("onprem/large", Place::kOnprem, says({}, failed(base::Code::kUnavailable)));
  start();
  ask();
  EXPECT_EQ(outcome(compared()), "unanswered");
  EXPECT_TRUE(learned().empty());
}

TEST_F(ComparisonsTest, WhereConfiguredItIsTheCallersBill) {
  node_->add("device/small", Place::kDevice, says({"ok"}, finished()));
  const ScriptedBackend& other =
      node_->add("onprem/large", Place::kOnprem, says({"ok"}, finished(7, 3)));
  node_->config.tenants = {{"plant", {}, {}}};
  QuotaRule rule;
  rule.name = "day";
  rule.of = "";
  rule.tokens_per_minute = 1'000;
  node_->config.quotas = {rule};
  rules_.charged = true;
  start();
  ask();
  compared();
  EXPECT_EQ(other.calls(), 1);
  node_->stop();
  auto& store = dynamic_cast<LocalQuotaStore&>(*node_->quotas);
  EXPECT_EQ(store.used("day/tokens"), 7U + 10U);
}

}  // namespace
}  // namespace nearside::gateway
