// The sections about what may go where: labels, policy, routes.
#include <set>

#include <fmt/format.h>

#include "gateway/config_reader.h"
#include "policy/pseudonyms/pseudonymizer.h"

namespace nearside::gateway {

namespace {

void read_detector(base::YamlMap& map, const policy::DetectorInfo& info, Draft& draft) {
  const base::YamlNode* node = map.take(info.name);
  if (node == nullptr) return;
  policy::DetectorRule rule{true, info.sensitivity};
  if (node->kind == base::YamlNode::Kind::kMap) {
    base::YamlMap inner(*node, fmt::format("{}.{}", map.path(), info.name), draft.problems);
    read_sensitivity(inner, "sensitivity", rule.sensitivity);
    inner.flag("enabled", rule.enabled);
  } else if (node->scalar == "off") {
    rule.enabled = false;
  } else {
    read_sensitivity(map, info.name, rule.sensitivity);
  }
  draft.config.labels.detectors[info.name] = rule;
}

void read_word_list(const base::YamlNode& node, std::string path, Draft& draft) {
  base::YamlMap map(node, std::move(path), draft.problems);
  policy::WordList list;
  const base::YamlNode* category =
      map.need("category", "what these words are about, for rules and records");
  if (category != nullptr && is_name(category->scalar))
    list.category = category->scalar;
  else if (category != nullptr)
    base::yaml_wants(draft.problems, *category, map.path() + ".category", "a name such as health");
  map.need("sensitivity", "public, internal, confidential or restricted");
  read_sensitivity(map, "sensitivity", list.sensitivity);
  read_regions(map, "regions", list.regions);
  map.need("words", "the words and phrases");
  map.texts("words", list.words);
  draft.config.labels.words.push_back(std::move(list));
  draft.word_lines.push_back(node.line);
}

void read_category_regions(const base::YamlNode& node, Draft& draft) {
  base::YamlMap map(node, "labels.regions", draft.problems);
  for (const auto& member : node.members) {
    policy::Regions regions;
    if (!read_regions(map, member.key, regions)) continue;
    draft.config.labels.category_regions[member.key] = regions;
    draft.category_lines[member.key] = member.line;
  }
}

void read_memory(const base::YamlNode& node, Draft& draft) {
  using namespace std::chrono_literals;
  base::YamlMap map(node, "labels.memory", draft.problems);
  MemoryConfig& memory = draft.config.memory;
  map.count("texts_bytes_max", memory.texts_bytes_max, 0, std::size_t{1} << 40);
  map.count("conversations_max", memory.conversations.entries_max, 1, std::size_t{1} << 32);
  read_duration(map, "unused_max", memory.conversations.unused_max, 1min, 24h * 365);
}

/// Names of detectors, or categories that stand for all detectors of theirs.
void read_replaced(const base::YamlNode& node, const std::vector<std::string>& names,
                   policy::PseudonymRule& rule, Draft& draft) {
  std::set<std::string> found_by, seen;
  for (const std::string& name : names) {
    bool known = false;
    const auto take = [&](const std::string& detector, const std::string& category) {
      if (name != detector && name != category) return;
      known = true;
      found_by.insert(detector);
    };
    for (const policy::DetectorInfo& info : policy::detectors()) take(info.name, info.category);
    for (const policy::WordList& list : draft.config.labels.words)
      take("words:" + list.category, list.category);
    if (!known)
      draft.problem(node.line, fmt::format("policy.pseudonyms.replace names '{}', which is neither "
                                           "a detector nor a category; docs/configuration.md lists "
                                           "them",
                                           name));
    if (!seen.insert(name).second)
      draft.problem(node.line,
                    fmt::format("policy.pseudonyms.replace names '{}' twice; keep one", name));
  }
  rule.detectors.assign(found_by.begin(), found_by.end());
}

void read_pseudonyms(const base::YamlNode& node, Draft& draft) {
  base::YamlMap map(node, "policy.pseudonyms", draft.problems);
  policy::PseudonymRule rule;
  draft.pseudonyms_line = node.line;
  read_sensitivity(map, "up_to", rule.up_to);
  map.need("targets", "the targets that may get such requests with placeholders");
  map.texts("targets", rule.targets);
  std::vector<std::string> replaced;
  if (map.texts("replace", replaced))
    read_replaced(node, replaced, rule, draft);
  else
    rule.detectors = policy::usual_pseudonym_detectors();
  draft.config.policy.pseudonyms = std::move(rule);
}

void read_places_by_sensitivity(const base::YamlNode& node, Draft& draft) {
  base::YamlMap map(node, "policy.places", draft.problems);
  draft.places_line = node.line;
  for (const policy::Sensitivity level : policy::kSensitivities) {
    const base::YamlNode* list = map.take(policy::sensitivity_name(level));
    if (list == nullptr) continue;
    const auto places =
        read_places(*list, fmt::format("policy.places.{}", policy::sensitivity_name(level)), draft);
    if (places)
      draft.config.policy.places_by_sensitivity[static_cast<std::size_t>(level)] = *places;
  }
}

void read_cascade(const base::YamlNode& node, const std::string& path, policy::Objective& out,
                  Draft& draft) {
  out.cascade.reset();
  if (node.kind == base::YamlNode::Kind::kScalar && node.scalar == "off") return;
  base::YamlMap map(node, path, draft.problems);
  policy::Cascade cascade;
  map.need("quality_min", "the least chance of a good answer with which a target is tried first");
  map.number("quality_min", cascade.quality_min, 0, 1);
  optional_number(map, "logprob_mean_min", cascade.logprob_mean_min, -100, 0);
  map.flag("streams", cascade.streams);
  out.cascade = cascade;
}

void read_overflow(const base::YamlNode& node, Draft& draft) {
  base::YamlMap map(node, "policy.overflow", draft.problems);
  policy::OverflowSettings& out = draft.config.policy.overflow;
  map.number("enter_share", out.enter_share, 0.01, 1);
  map.number("leave_share", out.leave_share, 0, 1);
  read_duration(map, "leave_after", out.leave_after, std::chrono::milliseconds(0),
                std::chrono::hours(1));
  if (out.leave_share >= out.enter_share)
    draft.problem(node.line,
                  "policy.overflow.leave_share must be below enter_share, or every request changes "
                  "the state; write for example enter_share: 0.8, leave_share: 0.4");
}

void read_resume(base::YamlMap& map, policy::Resume& out, Draft& draft) {
  std::string word;
  if (!map.text("resume", word)) return;
  if (word == "off")
    out = policy::Resume::kOff;
  else if (word == "asked")
    out = policy::Resume::kAsked;
  else if (word == "on")
    out = policy::Resume::kOn;
  else
    draft.problem(map.line_of("resume"),
                  fmt::format("{}.resume is '{}'; write off, asked or on", map.path(), word));
}

void read_objective(base::YamlMap& map, policy::Objective& out, Draft& draft) {
  map.number("quality_min", out.quality_min, 0, 1);
  double value = 0;
  if (map.number("ttft_ms_max", value, 0, 1e7)) out.ttft_max_ms = value;
  if (map.number("total_ms_max", value, 0, 1e8)) out.total_max_ms = value;
  if (const base::YamlNode* cascade = map.take("cascade"))
    read_cascade(*cascade, map.path() + ".cascade", out, draft);
  read_resume(map, out.resume, draft);
}

void read_rule(const base::YamlNode& node, std::string path, Draft& draft) {
  base::YamlMap map(node, std::move(path), draft.problems);
  policy::Rule rule;
  read_name(map, "how explanations call this rule", rule.name);
  rule.where = fmt::format("{}:{}", draft.file, node.line);
  if (const base::YamlNode* when = map.take("when")) {
    base::YamlMap conditions(*when, map.path() + ".when", draft.problems);
    policy::Sensitivity level{};
    if (read_sensitivity(conditions, "sensitivity", level)) rule.sensitivity_at_least = level;
    conditions.texts("categories", rule.categories);
    conditions.texts("tenants", rule.tenants);
    conditions.texts("routes", rule.routes);
    conditions.texts("languages", rule.languages);
  }
  bool refuse = false;
  map.flag("refuse", refuse);
  const base::YamlNode* only = map.take("only");
  if (only != nullptr) {
    base::YamlMap demands(*only, map.path() + ".only", draft.problems);
    if (const base::YamlNode* places = demands.take("places"))
      rule.places = read_places(*places, demands.path() + ".places", draft);
    read_regions(demands, "regions", rule.regions);
    demands.texts("targets", rule.targets);
  }
  if (refuse == (only != nullptr))
    draft.problem(node.line,
                  fmt::format("{} needs either only: (places, regions, targets) or refuse: true",
                              map.path()));
  if (refuse) rule.places = policy::Places::none();
  draft.config.policy.rules.push_back(std::move(rule));
  draft.rule_lines.push_back(node.line);
}

void read_route(const base::YamlNode& node, std::string path, Draft& draft) {
  base::YamlMap map(node, std::move(path), draft.problems);
  policy::Route route;
  read_name(map, "what clients write as model", route.name);
  route.objective = draft.config.policy.objective;
  read_objective(map, route.objective, draft);
  std::vector<std::string> targets;
  map.need("targets", "the targets that may serve it");
  map.texts("targets", targets);
  Draft::Promise promise;
  if (const base::YamlNode* serves = map.take("serves")) {
    base::YamlMap inner(*serves, map.path() + ".serves", draft.problems);
    policy::Sensitivity level{};
    if (read_sensitivity(inner, "sensitivity", level)) promise.sensitivity = level;
    inner.texts("regions", promise.regions);
  }
  draft.route_targets.push_back(std::move(targets));
  draft.route_promises.push_back(std::move(promise));
  draft.config.policy.routes.push_back(std::move(route));
  draft.route_lines.push_back(node.line);
}

}  // namespace

void read_labels(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("labels");
  if (node == nullptr) return;
  base::YamlMap map(*node, "labels", draft.problems);
  policy::LabelRules& rules = draft.config.labels;
  read_sensitivity(map, "base", rules.base);
  read_sensitivity(map, "attachments", rules.attachments);
  if (const base::YamlNode* detectors = map.take("detectors")) {
    base::YamlMap inner(*detectors, "labels.detectors", draft.problems);
    for (const policy::DetectorInfo& info : policy::detectors()) read_detector(inner, info, draft);
  }
  map.each("words", [&](const base::YamlNode& item, std::string path) {
    read_word_list(item, std::move(path), draft);
  });
  if (const base::YamlNode* regions = map.take("regions")) read_category_regions(*regions, draft);
  if (const base::YamlNode* memory = map.take("memory")) read_memory(*memory, draft);
}

void read_policy(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("policy");
  if (node == nullptr) return;
  base::YamlMap map(*node, "policy", draft.problems);
  if (const base::YamlNode* places = map.take("places")) read_places_by_sensitivity(*places, draft);
  if (const base::YamlNode* hidden = map.take("pseudonyms")) read_pseudonyms(*hidden, draft);
  read_objective(map, draft.config.policy.objective, draft);
  if (const base::YamlNode* overflow = map.take("overflow")) read_overflow(*overflow, draft);
  if (map.text("default_route", draft.default_route))
    draft.default_route_line = map.line_of("default_route");
  map.each("rules", [&](const base::YamlNode& item, std::string path) {
    read_rule(item, std::move(path), draft);
  });
}

void read_routes(base::YamlMap& root, Draft& draft) {
  root.each("routes", [&](const base::YamlNode& item, std::string path) {
    read_route(item, std::move(path), draft);
  });
}

}  // namespace nearside::gateway
