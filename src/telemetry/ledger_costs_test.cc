#include "telemetry/ledger_costs.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "telemetry/ledger.h"
#include "telemetry/ledger_reading.h"

namespace nearside::telemetry {
namespace {

class LedgerCosts : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/costs.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    ledger_ = std::move(Ledger::open(path(), {}, logger_)).value();
  }
  void TearDown() override {
    ledger_.reset();
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] std::string path() const { return folder_ + "/ledger.sqlite"; }
  void keep(const std::string& id, std::int64_t unix_s, const std::vector<Attempt>& attempts) {
    Record record;
    record.decision_id = id;
    record.time = base::WallTime{std::chrono::seconds(unix_s)};
    record.outcome = Outcome::kOk;
    record.decision_json = "{}";
    for (const Attempt& attempt : attempts) add_attempt(record, attempt);
    ASSERT_TRUE(ledger_->finish(record, [](const base::Status&) {}));
    ASSERT_TRUE(*ledger_->find(id));  // then it is in the table
  }
  static Attempt at(const std::string& target, std::uint64_t input, std::uint64_t output,
                    std::optional<double> usd) {
    Attempt attempt;
    attempt.target = target;
    attempt.place = target.substr(0, target.find('/'));
    attempt.input_tokens = input;
    attempt.output_tokens = output;
    attempt.cost_usd = usd;
    return attempt;
  }
  base::Logger logger_{base::Level::kOff};
  std::string folder_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerCosts, SumEveryAttemptByItsTarget) {
  Attempt thinking = at("cloud/large", 100, 50, 0.5);
  thinking.reasoning_tokens = 30;
  thinking.cached_input_tokens = 60;
  thinking.cache_write_tokens = 10;
  keep("A", 1'700'000'000, {at("device/small", 10, 1, 0.001), thinking});
  keep("B", 1'700'000'001, {at("device/small", 20, 2, 0.002)});
  keep("C", 1'700'000'002, {at("device/small", 5, 0, {})});
  const auto sums = sum_costs(path(), {});
  ASSERT_TRUE(sums.has_value()) << sums.error().message;
  ASSERT_EQ(sums->size(), 2U);
  const TargetCosts& cloud = sums->at(0);
  EXPECT_EQ(cloud.target, "cloud/large");
  EXPECT_EQ(cloud.reasoning_tokens, 30U);
  EXPECT_EQ(cloud.cached_input_tokens, 60U);
  EXPECT_EQ(cloud.cache_write_tokens, 10U);
  EXPECT_DOUBLE_EQ(cloud.cost_usd, 0.5);
  const TargetCosts& device = sums->at(1);
  EXPECT_EQ(device.attempts, 3U);
  EXPECT_EQ(device.unpriced, 1U);
  EXPECT_EQ(device.input_tokens, 35U);
  EXPECT_DOUBLE_EQ(device.cost_usd, 0.003);
}

TEST_F(LedgerCosts, OfAWindowOnly) {
  keep("A", 1'700'000'000, {at("cloud/x", 1, 1, 1.0)});  // 2023-11-14T22:13:20Z
  keep("B", 1'700'100'000, {at("cloud/x", 1, 1, 2.0)});  // 2023-11-16T02:00:00Z
  EXPECT_DOUBLE_EQ(sum_costs(path(), {"2023-11-15", ""})->at(0).cost_usd, 2);
  EXPECT_DOUBLE_EQ(sum_costs(path(), {"", "2023-11-15"})->at(0).cost_usd, 1);
  EXPECT_TRUE(sum_costs(path(), {"2024", ""})->empty());
}

TEST_F(LedgerCosts, RequestsAreReadInTheOrderOfTimeWithoutThoseUnderWay) {
  keep("B", 1'700'000'001, {at("cloud/x", 7, 3, 0.25)});
  keep("A", 1'700'000'000, {});
  Record open;
  open.decision_id = "C";
  open.decision_json = "{}";
  ASSERT_TRUE(ledger_->begin(open));
  std::vector<PastRequest> all;
  ASSERT_TRUE(read_requests(path(), {}, [&](const PastRequest& one) { all.push_back(one); }));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].decision_id, "A");
  EXPECT_EQ(all[0].cost_usd, std::nullopt);
  EXPECT_EQ(all[1].input_tokens, 7U);
  EXPECT_EQ(all[1].output_tokens, 3U);
  EXPECT_EQ(all[1].cost_usd, 0.25);
  EXPECT_EQ(all[1].decision_json, "{}");
}

TEST_F(LedgerCosts, AreRefusedOfWhatIsNoLedger) {
  EXPECT_FALSE(sum_costs(folder_ + "/absent.sqlite", {}).has_value());
}

}  // namespace
}  // namespace nearside::telemetry
