// The examples of docs/policy.md, run.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "gateway/config.h"
#include "gateway/overflow_gates.h"
#include "policy/decide.h"
#include "policy/pseudonyms/consider.h"

namespace nearside::gateway {
namespace {

struct Block {
  std::string kind;  // what stands behind the opening ```
  std::string text;
};

std::vector<Block> read_blocks(const std::string& path) {
  std::ifstream file(path);
  std::vector<Block> blocks;
  std::string line;
  bool inside = false;
  while (std::getline(file, line)) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), ""});
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

struct Line {
  std::string text;
  std::vector<std::pair<std::string, std::string>> options;
  std::string expected;
};

Line parse_line(const std::string& line) {
  Line out;
  const std::size_t arrow = line.rfind("-> ");
  out.expected = line.substr(arrow + 3);
  std::string request = line.substr(0, line.find_last_not_of(' ', arrow - 1) + 1);
  const std::size_t bracket = request.ends_with(']') ? request.rfind(" [") : std::string::npos;
  out.text = request.substr(0, bracket);
  if (bracket == std::string::npos) return out;
  std::istringstream options(request.substr(bracket + 2, request.size() - bracket - 3));
  std::string option;
  while (std::getline(options >> std::ws, option, ','))
    out.options.emplace_back(option.substr(0, option.find('=')),
                             option.substr(option.find('=') + 1));
  return out;
}

std::string outcome(const base::Result<policy::Decision>& decision) {
  if (!decision) return std::string("refused: ") + base::code_name(decision.error().code);
  if (decision->refused())
    return std::string("refused: ") + base::code_name(decision->refusal_code);
  std::string out;
  for (const std::size_t i : decision->ranked) {
    const bool second = i == decision->ranked.back() && decision->ranked.size() == 2;
    const char* between = decision->cascade && second ? " then " : ", ";
    out += (out.empty() ? "" : between) + decision->considered[i].target;
  }
  return out;
}

std::string run(const Config& config, const policy::Labeler& labeler, const Line& line) {
  std::optional<policy::Sensitivity> at_least;
  std::vector<policy::Live> live(config.policy.targets.size());
  policy::Ask wishes;
  for (const auto& [key, value] : line.options) {
    if (key == "sensitivity")
      at_least = policy::parse_sensitivity(value);
    else if (key == "model")
      wishes.model = value;
    else if (key == "down")
      live[*config.policy.find_target(value)].healthy = false;
    else if (key == "cap")
      wishes.cost_max_usd = std::stod(value);
    else if (key == "deadline")
      wishes.deadline_ms = std::stod(value);
    else if (key == "tenant")
      wishes.tenant = value;
    else if (key == "priority")
      wishes.priority = policy::parse_priority(value).value();
    else if (key == "streamed")
      wishes.streamed = true;
    else if (key == "waiting")  // at the first target
      live[0].queue = policy::QueueState{.waiting = std::stoul(value), .first_token_ms = {}};
    else
      ADD_FAILURE() << "no option " << key;
  }
  if (const TenantConfig* tenant = config.find_tenant(wishes.tenant)) {
    wishes.tenant_regions = tenant->regions;
    if (tenant->sensitivity_min)
      at_least =
          std::max(at_least.value_or(policy::Sensitivity::kPublic), *tenant->sensitivity_min);
  }
  chat::Request request;
  request.messages = {base::json::object{{"role", "user"}, {"content", line.text}}};
  const auto conversation = policy::Conversation::of(request);
  policy::Ask ask =
      policy::make_ask(conversation, *labeler.label(conversation, at_least), std::nullopt);
  ask.model = wishes.model;
  ask.tenant = wishes.tenant;
  ask.tenant_regions = wishes.tenant_regions;
  ask.cost_max_usd = wishes.cost_max_usd;
  ask.deadline_ms = wishes.deadline_ms;
  ask.priority = wishes.priority;
  ask.streamed = wishes.streamed;
  ask.answers_judgeable = true;
  policy::consider_pseudonyms(config.policy, labeler, request, ask);
  OverflowGates(config.policy).mark(config.policy, ask, live, {});
  return outcome(policy::decide(config.policy, live, ask, {}));
}

TEST(PolicyGuide, ExamplesAreTrue) {
  std::string yaml;
  int lines = 0, problems = 0;
  for (const Block& block : read_blocks("docs/policy.md")) {
    if (block.kind == "yaml") yaml = block.text;
    if (block.kind == "problem") {
      const std::size_t arrow = block.text.find("=> ");
      const auto config = parse_config(yaml + block.text.substr(0, arrow), "policy.md");
      ASSERT_FALSE(config.has_value());
      const std::string expected = block.text.substr(arrow + 3, block.text.size() - arrow - 4);
      EXPECT_NE(config.error().message.find(expected), std::string::npos) << config.error().message;
      ++problems;
    }
    if (block.kind != "requests") continue;
    const auto config = parse_config(yaml, "policy.md");
    ASSERT_TRUE(config.has_value()) << config.error().message;
    const policy::Labeler labeler = *policy::Labeler::create(config->labels);
    std::istringstream requests(block.text);
    std::string line;
    while (std::getline(requests, line)) {
      const Line parsed = parse_line(line);
      EXPECT_EQ(run(*config, labeler, parsed), parsed.expected) << line;
      ++lines;
    }
  }
  EXPECT_GE(lines, 15);
  EXPECT_GE(problems, 1);
}

}  // namespace
}  // namespace nearside::gateway
