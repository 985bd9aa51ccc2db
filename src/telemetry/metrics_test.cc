#include "telemetry/metrics.h"

#include <regex>
#include <set>
#include <sstream>
#include <string_view>
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

/// Source: Prometheus' text exposition format 0.0.4.
TEST(Metrics, AreLinesThatPrometheusReads) {
  Metrics metrics;
  Record record;
  record.target = "device/small \"x\"\n";
  record.place = "device";
  record.ttft_ms = 20;
  Attempt attempt;
  attempt.target = record.target;
  attempt.pseudonyms = true;
  attempt.resumed_at_bytes = 7;
  attempt.cost_usd = 1e-9;
  add_attempt(record, attempt);
  metrics.request_started();
  metrics.request_finished(record);
  metrics.comparison_ended("device/small", "", "busy", 0);
  metrics.comparison_ended("device/small", "cloud/large", "agreed", 1e-5);
  const std::regex sample(
      R"re([a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\"n])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\"n])*")*\})? (-?[0-9.]+(e[-+]?[0-9]+)?|\+Inf|NaN))re");
  const std::regex comment(R"(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+)");
  std::set<std::string> typed;
  std::set<std::string> series;
  std::istringstream lines(metrics.text());
  for (std::string line; std::getline(lines, line);) {
    const bool is_comment = line.starts_with("#");
    EXPECT_TRUE(std::regex_match(line, is_comment ? comment : sample)) << line;
    if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(typed.insert(line.substr(7, line.find(' ', 7) - 7)).second) << line;
    }
    if (is_comment) continue;
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << "twice: " << line;
    std::string name = line.substr(0, line.find_first_of("{ "));
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"})
      if (!typed.contains(name) && name.ends_with(suffix)) name.resize(name.size() - suffix.size());
    EXPECT_TRUE(typed.contains(name)) << "no type before " << line;
  }
  EXPECT_TRUE(series.contains(
      R"(nearside_comparisons_total{target="device/small",second="none",outcome="busy"})"));
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
