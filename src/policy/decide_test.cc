// Decisions against a table of requests.
#include "policy/decide.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace nearside::policy {
namespace {

Target target(const std::string& name, Place place, const std::string& region, double quality,
              Speed speed, std::size_t context) {
  Target out;
  out.name = name;
  out.place = place;
  out.region = region;
  out.quality.prior = quality;
  out.speed = speed;
  out.context_tokens_max = context;
  return out;
}

PolicySet example_set() {
  PolicySet set;
  set.targets = {
      target("device/small", Place::kDevice, "eu-de-plant2", 0.9, {100, 50, 5000}, 4096),
      target("onprem/large", Place::kOnprem, "eu-de", 0.95, {300, 40, 4000}, 32768),
      target("cloud/large", Place::kCloud, "us-east", 0.95, {250, 120, {}}, 32768),
      target("cloud/eu", Place::kCloud, "eu-de", 0.95, {200, 120, {}}, 32768),
  };
  set.targets[0].local = true;
  set.targets[0].quality.by_language["de"] = 0.4;
  set.targets[0].cost = LocalCost{0.01, 15, 0.3, 1.0, 1};
  set.targets[1].cost = LocalCost{0.05, 150, 0.3, 1.3, 4};
  set.targets[2].cost = Price{2, 10, {}};
  set.targets[3].cost = Price{1.8, 9, {}};
  Rule health;
  health.name = "health-stays";
  health.categories = {"health"};
  health.places = Places().add(Place::kOnprem);
  Rule lab;
  lab.name = "lab-device";
  lab.tenants = {"lab"};
  lab.targets = {"device/small"};
  set.rules = {health, lab};
  set.objective.quality_min = 0.8;
  set.objective.total_max_ms = 30'000;
  set.routes = {{"triage", {0, 1, 2, 3}, set.objective}};
  return set;
}

std::size_t index_of(const PolicySet& set, const std::string& name) {
  return *set.find_target(name);
}

struct Scenario {
  Ask ask;
  std::vector<Live> live;
};

void apply(Scenario& scenario, const PolicySet& set, const std::string& option) {
  const std::size_t equal = option.find('=');
  const std::string key = option.substr(0, equal);
  const std::string value = equal == std::string::npos ? "" : option.substr(equal + 1);
  Ask& ask = scenario.ask;
  if (key == "model")
    ask.model = value;
  else if (key == "realtime")
    ask.priority = Priority::kRealtime;
  else if (key == "batch")
    ask.priority = Priority::kBatch;
  else if (key == "deadline")
    ask.deadline_ms = std::stod(value);
  else if (key == "cap")
    ask.cost_max_usd = std::stod(value);
  else if (key == "down")
    scenario.live[index_of(set, value)].healthy = false;
  else if (key == "category")
    ask.label.categories = {value};
  else if (key == "needs")
    ask.upstream_only = value;
  else if (key == "regions")
    ask.label.regions = Regions::only({value});
  else if (key == "tenant") {
    ask.tenant = value;
    if (value == "clinic") ask.tenant_regions = Regions::only({"eu"});
  } else {
    FAIL() << "no option " << option;
  }
}

std::string outcome(const Decision& decision) {
  if (decision.refused()) return std::string("! ") + base::code_name(decision.refusal_code);
  std::string out;
  for (const std::size_t i : decision.ranked)
    out += (out.empty() ? "" : " ") + decision.considered[i].target;
  return out;
}

std::string decide_line(const PolicySet& set, const std::string& request) {
  std::istringstream in(request);
  std::string level, option;
  Scenario scenario;
  in >> level >> scenario.ask.language >> scenario.ask.prompt_tokens;
  scenario.live.resize(set.targets.size());
  scenario.ask.label.sensitivity = *parse_sensitivity(level);
  while (in >> option) apply(scenario, set, option);
  const auto decision = decide(set, scenario.live, scenario.ask, base::WallTime{});
  return decision ? outcome(*decision) : "error";
}

TEST(Decide, RanksAndRefusesAsTheTableSays) {
  const PolicySet set = example_set();
  std::ifstream file("src/policy/testdata/decisions.txt");
  std::string line;
  int rows = 0;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t arrow = line.find("=> ");
    EXPECT_EQ(decide_line(set, line.substr(0, arrow)), line.substr(arrow + 3))
        << "decisions.txt:" << number << ": " << line;
    ++rows;
  }
  EXPECT_GT(rows, 25);
}

Decision decide_simple(const PolicySet& set, Ask ask, std::vector<Live> live = {}) {
  live.resize(set.targets.size());
  return *decide(set, live, std::move(ask), base::WallTime{});
}

TEST(Decide, RefusesAnUnknownModelAsNotFound) {
  Ask ask;
  ask.model = "gpt-17";
  const PolicySet set = example_set();
  const auto decision = decide(set, std::vector<Live>(4), ask, {});
  ASSERT_FALSE(decision);
  EXPECT_EQ(decision.error().code, base::Code::kNotFound);
}

TEST(Decide, TellsEveryVetoOfATargetNotOnlyTheFirst) {
  const PolicySet set = example_set();
  Ask ask;
  ask.label.sensitivity = Sensitivity::kConfidential;
  ask.label.categories = {"health"};
  ask.label.regions = Regions::only({"eu"});
  std::vector<Live> live(4);
  live[2].healthy = false;
  live[2].unhealthy_why = "connection refused";
  const Decision decision = decide_simple(set, ask, live);
  std::vector<std::string> rules;
  for (const Veto& veto : decision.considered[2].vetoes) rules.push_back(veto.rule);
  EXPECT_EQ(rules,
            (std::vector<std::string>{"sensitivity", "residency", "rule:health-stays", "down"}));
}

TEST(Decide, TakesMissingFiguresForWorseQuotesNotForVetoes) {
  PolicySet set = example_set();
  set.targets[0].cost.reset();
  set.targets[0].speed = {};
  set.targets[0].quality.prior.reset();
  Ask ask;
  ask.language = "en";
  ask.deadline_ms = 1e6;
  ask.cost_max_usd = 1;
  const Decision decision = decide_simple(set, ask);
  ASSERT_EQ(decision.ranked.size(), 4U);
  EXPECT_EQ(decision.considered[decision.ranked.back()].target, "device/small");
  EXPECT_GE(decision.considered[0].quote.notes.size(), 3U);
}

TEST(Decide, PrefersMeasuredFiguresToExpectedOnes) {
  const PolicySet set = example_set();
  Ask ask;
  ask.language = "de";
  std::vector<Live> live(4);
  live[1].ttft_p50_ms = 20'000;  // the on-prem queue is long
  live[1].ttft_p95_ms = 40'000;
  const Decision decision = decide_simple(set, ask, live);
  EXPECT_EQ(decision.chosen().target, "cloud/eu");
  EXPECT_FALSE(decision.considered[1].fast_enough);
  EXPECT_EQ(decision.considered[1].quote.ttft_p95_ms, 40'000);
}

TEST(Decide, IsPure) {
  const PolicySet set = example_set();
  Ask ask;
  ask.language = "en";
  EXPECT_EQ(to_json(decide_simple(set, ask)), to_json(decide_simple(set, ask)));
}

TEST(Decide, ExplainsItselfInJsonWithoutTextOfTheRequest) {
  const PolicySet set = example_set();
  const Labeler labeler = *Labeler::create({});
  const Conversation conversation =
      Conversation::of("Mail jane.doe@example.com about the pump please");
  const Ask ask = make_ask(conversation, *labeler.label(conversation), 64);
  const std::string json = to_json(decide_simple(set, ask));
  EXPECT_EQ(json.find("jane"), std::string::npos);
  EXPECT_EQ(json.find("pump"), std::string::npos);
  EXPECT_NE(json.find(R"("chosen":"device/small")"), std::string::npos);
  EXPECT_NE(json.find("confidential data may go to device, edge, onprem, not to cloud"),
            std::string::npos);
  const std::string text = to_text(decide_simple(set, ask));
  EXPECT_NE(text.find("goes to   device/small"), std::string::npos);
  EXPECT_NE(text.find("vetoed: confidential data may go to"), std::string::npos);
}

// A cost written out: 1000 tokens in at $2 and 100 out at $10 a million; 36 s of a machine at $1/h
// and 500 W x 1.2 at $0.30/kWh, shared by two.
TEST(Cost, FollowsItsFormula) {
  Target cloud;
  cloud.cost = Price{2, 10, 0.5};
  EXPECT_DOUBLE_EQ(*cost_usd(cloud, {1000, 0, 100, 0}), 0.003);
  EXPECT_DOUBLE_EQ(*cost_usd(cloud, {1000, 400, 100, 0}), 0.0012 + 0.0002 + 0.001);
  Target local;
  local.cost = LocalCost{1, 500, 0.3, 1.2, 2};
  EXPECT_DOUBLE_EQ(*cost_usd(local, {1000, 0, 100, 36}), 0.01 * 1.18 / 2);
  EXPECT_DOUBLE_EQ(*energy_joules(local, {1000, 0, 100, 36}), 500 * 1.2 * 36 / 2);
  EXPECT_FALSE(cost_usd(Target{}, {}).has_value());
}

}  // namespace
}  // namespace nearside::policy
