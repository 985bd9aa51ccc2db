// Decision time over 4 and 32 targets with a handful of rules.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "policy/decide.h"

namespace nearside::policy {
namespace {

PolicySet set_of(std::size_t targets) {
  PolicySet set;
  Route route{"auto", {}, {}};
  for (std::size_t i = 0; i < targets; ++i) {
    Target target;
    target.place = kPlaces[i % 4];
    target.name = fmt::format("{}/model-{}", place_name(target.place), i);
    target.region = "eu-de";
    target.quality.prior = 0.9;
    target.cost = Price{1, 4, {}};
    target.speed = {100, 50, 5000};
    route.targets.push_back(i);
    set.targets.push_back(std::move(target));
  }
  set.routes.push_back(std::move(route));
  for (int i = 0; i < 8; ++i) {
    Rule rule;
    rule.name = fmt::format("rule-{}", i);
    rule.categories = {fmt::format("category-{}", i)};
    rule.places = Places().add(Place::kOnprem);
    set.rules.push_back(std::move(rule));
  }
  return set;
}

void BM_Decide(benchmark::State& state) {
  const auto targets = static_cast<std::size_t>(state.range(0));
  const PolicySet set = set_of(targets);
  const std::vector<Live> live(targets);
  Ask ask;
  ask.label.sensitivity = Sensitivity::kConfidential;
  ask.language = "en";
  ask.prompt_tokens = 250;
  for (auto _ : state) benchmark::DoNotOptimize(decide(set, live, ask, {}));
}
void BM_DecisionJson(benchmark::State& state) {
  const PolicySet set = set_of(4);
  const Decision decision = *decide(set, std::vector<Live>(4), Ask{}, {});
  for (auto _ : state) benchmark::DoNotOptimize(to_json(decision));
}
BENCHMARK(BM_Decide)->Arg(4)->Arg(32)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_DecisionJson)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace nearside::policy
