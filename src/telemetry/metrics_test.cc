#include "telemetry/metrics.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "telemetry/series.h"

namespace nearside::telemetry {
namespace {

TEST(Metrics, CountWhatAFinalRecordSays) {
  Metrics metrics;
  metrics.request_started();
  metrics.request_started();
  Record record;
  record.target = "device/small";
  record.place = "device";
  record.sensitivity = "internal";
  record.outcome = Outcome::kOk;
  record.ttft_ms = 20;
  record.total_ms = 300;
  Attempt attempt;
  attempt.target = record.target;
  attempt.place = record.place;
  attempt.outcome = Outcome::kOk;
  attempt.output_tokens = 12;
  attempt.cost_usd = 0.25;
  add_attempt(record, attempt);
  metrics.request_finished(record);
  const std::string text = metrics.text();
  for (const char* line :
       {"nearside_requests_total{target=\"device/"
        "small\",place=\"device\",outcome=\"ok\",sensitivity=\"internal\"} 1\n",
        "nearside_tokens_total{target=\"device/small\",place=\"device\",kind=\"output\"} 12\n",
        "nearside_cost_usd_total{target=\"device/small\",place=\"device\"} 0.25\n",
        "nearside_requests_in_flight 1\n",
        "nearside_ttft_seconds_bucket{target=\"device/small\",place=\"device\",le=\"0.01\"} 0\n",
        "nearside_ttft_seconds_bucket{target=\"device/small\",place=\"device\",le=\"0.025\"} 1\n",
        "nearside_ttft_seconds_bucket{target=\"device/small\",place=\"device\",le=\"+Inf\"} 1\n",
        "nearside_request_seconds_sum{target=\"device/small\",place=\"device\"} 0.3\n",
        "# TYPE nearside_ttft_seconds histogram\n", "nearside_ledger_failures_total 0\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(Metrics, EscapeLabelValues) {
  Metrics metrics;
  metrics.worker_restarted("a\"b\\c\nd");
  EXPECT_NE(metrics.text().find("{model=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos);
}

TEST(Metrics, BoundTheNumberOfSeries) {
  Family<Number> family("n", "h", {"l"});
  for (std::size_t i = 0; i < 2 * Family<Number>::kSeriesMax; ++i)
    family.at({std::to_string(i)}).add(1);
  EXPECT_EQ(family.at({"another"}).get(), static_cast<double>(Family<Number>::kSeriesMax));
}

TEST(Metrics, LoseNothingBetweenThreads) {
  Metrics metrics;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) metrics.decision_made(std::chrono::microseconds(3));
      });
  }
  EXPECT_NE(metrics.text().find("nearside_decision_seconds_count 4000\n"), std::string::npos);
}

TEST(Metrics, TellsWhatLabelsReadAndWhatWasInAnswers) {
  Metrics metrics;
  metrics.label_read(100, 900);
  Record record;
  record.answer_sensitivity = "confidential";
  Attempt attempt;
  attempt.target = "cloud/large";
  attempt.place = "cloud";
  attempt.outcome = Outcome::kOk;
  attempt.pseudonyms = true;
  add_attempt(record, attempt);
  metrics.request_finished(record);
  const std::string text = metrics.text();
  for (const char* line :
       {"nearside_label_bytes_total{how=\"read\"} 100\n",
        "nearside_label_bytes_total{how=\"remembered\"} 900\n",
        "nearside_answers_total{sensitivity=\"confidential\"} 1\n",
        "nearside_pseudonymised_attempts_total{target=\"cloud/large\",place=\"cloud\",outcome="
        "\"ok\"} 1\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

}  // namespace
}  // namespace nearside::telemetry
