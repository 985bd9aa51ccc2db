// What a durable record costs: alone (one fsync each), and when many requests end together (group
// commit).
#include <filesystem>
#include <future>

#include <benchmark/benchmark.h>

#include "telemetry/ledger.h"

namespace nearside::telemetry {
namespace {

Record record_of(std::uint64_t number) {
  Record record;
  record.decision_id = "0123456789ABCDEF" + std::to_string(number);
  record.outcome = Outcome::kOk;
  record.sensitivity = "internal";
  record.decision_json = "{\"reasons\":\"" + std::string(2000, 'x') + "\"}";
  add_attempt(record, Attempt{});
  return record;
}

void BM_FinishTogether(benchmark::State& state) {
  std::string folder = std::filesystem::temp_directory_path() / "ledger_bench.XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return state.SkipWithError("no temporary folder");
  base::Logger quiet(base::Level::kOff);
  {
    const auto ledger = *Ledger::open(folder + "/ledger.sqlite", {}, quiet);
    const auto together = state.range(0);
    std::uint64_t number = 0;
    for (auto _ : state) {
      std::vector<std::promise<void>> durable(static_cast<std::size_t>(together));
      for (auto& promise : durable)
        if (!ledger->finish(record_of(++number),
                            [&promise](const base::Status&) { promise.set_value(); }))
          return state.SkipWithError("queue full");
      for (auto& promise : durable) promise.get_future().wait();
    }
    state.SetItemsProcessed(state.iterations() * together);
  }
  std::filesystem::remove_all(folder);
}
BENCHMARK(BM_FinishTogether)
    ->Arg(1)
    ->Arg(16)
    ->Arg(256)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace nearside::telemetry
