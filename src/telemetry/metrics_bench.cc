// What the metrics cost a request, and a scrape.
#include <benchmark/benchmark.h>

#include "telemetry/metrics.h"

namespace nearside::telemetry {
namespace {

void BM_RequestFinished(benchmark::State& state) {
  Metrics metrics;
  Record record;
  record.target = "device/small";
  record.place = "device";
  record.sensitivity = "internal";
  record.outcome = Outcome::kOk;
  record.ttft_ms = 12;
  Attempt attempt;
  attempt.target = record.target;
  attempt.place = record.place;
  attempt.cost_usd = 1e-6;
  attempt.energy_joules = 1;
  add_attempt(record, attempt);
  for (auto _ : state) metrics.request_finished(record);
}
void BM_Scrape(benchmark::State& state) {
  Metrics metrics;
  metrics.request_finished({});
  for (auto _ : state) benchmark::DoNotOptimize(metrics.text());
}
BENCHMARK(BM_RequestFinished);
BENCHMARK(BM_Scrape);

}  // namespace
}  // namespace nearside::telemetry
