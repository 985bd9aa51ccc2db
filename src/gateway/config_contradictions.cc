// Rules that change nothing, and routes that can never keep what they promise.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/config_reader.h"
#include "policy/veto.h"

namespace nearside::gateway {

namespace {

using policy::Sensitivity;

/// Is everything that `inner` matches also matched by `outer`? An empty list matches everything.
bool list_within(const std::vector<std::string>& inner, const std::vector<std::string>& outer) {
  if (outer.empty()) return true;
  return !inner.empty() && std::all_of(inner.begin(), inner.end(), [&](const std::string& item) {
    return std::find(outer.begin(), outer.end(), item) != outer.end();
  });
}

bool conditions_within(const policy::Rule& inner, const policy::Rule& outer) {
  const auto level = [](const policy::Rule& rule) {
    return rule.sensitivity_at_least.value_or(Sensitivity::kPublic);
  };
  return level(inner) >= level(outer) && list_within(inner.categories, outer.categories) &&
         list_within(inner.tenants, outer.tenants) && list_within(inner.routes, outer.routes) &&
         list_within(inner.languages, outer.languages);
}

/// Does `strict` forbid at least all that `loose` forbids?
bool demands_cover(const policy::Rule& strict, const policy::Rule& loose) {
  const policy::Places all = policy::Places::all();
  const bool regions =
      loose.regions.anywhere() || strict.regions.intersect(loose.regions) == strict.regions;
  return strict.places.value_or(all).within(loose.places.value_or(all)) && regions &&
         list_within(strict.targets, loose.targets);
}

void check_places(Draft& draft) {
  const policy::PolicySet& set = draft.config.policy;
  if (set.places_for(Sensitivity::kRestricted).has(policy::Place::kCloud))
    draft.problem(
        draft.places_line,
        "policy.places.restricted has cloud, but restricted data never leave; remove cloud, or "
        "label such data confidential");
  for (std::size_t i = 1; i < 4; ++i) {
    const auto less = static_cast<Sensitivity>(i - 1);
    const auto more = static_cast<Sensitivity>(i);
    if (set.places_for(more).within(set.places_for(less))) continue;
    draft.problem(draft.places_line, fmt::format("policy.places lets {} data go where {} data may "
                                                 "not; add the missing places to {}, or remove "
                                                 "them from {}",
                                                 sensitivity_name(more), sensitivity_name(less),
                                                 sensitivity_name(less), sensitivity_name(more)));
  }
}

/// What makes the rule pointless; empty when it is not.
std::string pointless(const Draft& draft, std::size_t index) {
  const policy::PolicySet& set = draft.config.policy;
  const policy::Rule& rule = set.rules[index];
  const bool places_only = rule.regions.anywhere() && rule.targets.empty();
  if (places_only && (!rule.places || *rule.places == policy::Places::all()))
    return "it permits everything; state places, regions or targets";
  if (places_only) {
    bool covered = true;
    for (const Sensitivity level : policy::kSensitivities)
      if (level >= rule.sensitivity_at_least.value_or(draft.config.labels.base))
        covered = covered && set.places_for(level).within(*rule.places);
    if (covered) return "policy.places already keeps such data there; remove it";
  }
  for (std::size_t other = 0; other < set.rules.size(); ++other) {
    if (other == index || !conditions_within(rule, set.rules[other]) ||
        !demands_cover(set.rules[other], rule))
      continue;
    const bool equal =
        conditions_within(set.rules[other], rule) && demands_cover(rule, set.rules[other]);
    if (equal && other > index) continue;  // of two equal rules, the later one is named
    return fmt::format(
        "rule '{}' (line {}) already demands as much whenever this one applies; remove it",
        set.rules[other].name, draft.rule_lines[other]);
  }
  return {};
}

void check_rule(Draft& draft, std::size_t index) {
  const policy::PolicySet& set = draft.config.policy;
  const policy::Rule& rule = set.rules[index];
  if (const std::string why = pointless(draft, index); !why.empty()) {
    draft.problem(draft.rule_lines[index],
                  fmt::format("rule '{}' never changes a decision: {}", rule.name, why));
    return;
  }
  if (rule.places && rule.places->empty()) return;  // refuse: true, on purpose
  const policy::Places places =
      set.places_for(rule.sensitivity_at_least.value_or(draft.config.labels.base));
  const bool any =
      std::any_of(set.targets.begin(), set.targets.end(), [&](const policy::Target& target) {
        return !policy::rule_veto(rule, target) && places.has(target.place);
      });
  if (!any)
    draft.problem(
        draft.rule_lines[index],
        fmt::format("rule '{}' permits {}, but no target is there; add one, or write refuse: true",
                    rule.name, policy::rule_demand(rule)));
}

/// Why a route cannot serve such a request; empty when it can.
std::string cannot_serve(const Draft& draft, const policy::Route& route, const policy::Ask& ask) {
  const policy::PolicySet& set = draft.config.policy;
  std::vector<const policy::Rule*> matching;
  for (const policy::Rule& rule : set.rules)
    if (policy::rule_matches(rule, ask, route.name)) matching.push_back(&rule);
  std::string why;
  for (const std::size_t index : route.targets) {
    const auto found =
        policy::vetoes(set, matching, set.targets[index], policy::Live{}, ask, policy::Quote{});
    const auto privacy = std::find_if(found.begin(), found.end(), policy::is_privacy_veto);
    if (privacy == found.end()) return {};
    why +=
        fmt::format("{}{}: {}", why.empty() ? "" : "; ", set.targets[index].name, privacy->reason);
  }
  return why;
}

struct Caller {
  std::string tenant;
  policy::Regions regions;
  std::optional<Sensitivity> sensitivity_min;
};

/// Those who may call: tenants that a key names, and the tenant "" when there is a key without one
/// or none.
std::vector<Caller> callers(const Config& config) {
  std::vector<Caller> out;
  const auto& keys = config.auth.keys;
  if (keys.empty() ||
      std::any_of(keys.begin(), keys.end(), [](const auto& key) { return key.tenant.empty(); }))
    out.push_back({});
  for (const TenantConfig& tenant : config.tenants)
    if (std::any_of(keys.begin(), keys.end(),
                    [&](const auto& key) { return key.tenant == tenant.name; }))
      out.push_back({tenant.name, tenant.regions, tenant.sensitivity_min});
  return out;
}

/// What a route must serve: its `serves`, at least the least sensitive request there is; anywhere,
/// and data of each promised region.
std::vector<policy::Ask> promised_asks(const Draft& draft, std::size_t route,
                                       const Caller& caller) {
  const Draft::Promise& promise = draft.route_promises[route];
  const Sensitivity least =
      std::max(draft.config.labels.base, caller.sensitivity_min.value_or(Sensitivity::kPublic));
  std::vector<policy::Ask> asks;
  policy::Ask ask;
  ask.tenant = caller.tenant;
  ask.tenant_regions = caller.regions;
  ask.label.sensitivity = std::max(least, promise.sensitivity.value_or(least));
  asks.push_back(ask);
  for (const std::string& region : promise.regions) {
    ask.label.regions = policy::Regions::only({region});
    asks.push_back(ask);
  }
  return asks;
}

void check_route(Draft& draft, std::size_t index) {
  const policy::PolicySet& set = draft.config.policy;
  const policy::Route& route = set.routes[index];
  if (route.targets.empty()) return;
  const auto all = callers(draft.config);
  std::string last;
  std::size_t served = 0;
  for (const Caller& caller : all) {
    bool good = true;
    for (const policy::Ask& ask : promised_asks(draft, index, caller)) {
      const std::string why = cannot_serve(draft, route, ask);
      if (why.empty()) continue;
      good = false;
      const std::string who =
          caller.tenant.empty() ? "" : fmt::format(" of tenant '{}'", caller.tenant);
      const std::string where =
          ask.label.regions.anywhere() ? "" : " for data of region " + ask.label.regions.text();
      last = fmt::format(
          "route '{}' can serve no {} request{}{}, because every target is vetoed ({}); add a "
          "target that may, "
          "or change what the route serves",
          route.name, sensitivity_name(ask.label.sensitivity), who, where, why);
      // A promise, and the default route, must hold for everyone; another route for someone.
      if (index == set.default_route || !ask.label.regions.anywhere())
        draft.problem(draft.route_lines[index], last);
    }
    if (good) ++served;
  }
  if (served == 0 && index != set.default_route && draft.route_promises[index].regions.empty())
    draft.problem(draft.route_lines[index], last);
}

/// A category that may be processed only where no target stands.
void check_regions(Draft& draft, const policy::Regions& regions, std::string_view category,
                   int line) {
  const auto& targets = draft.config.policy.targets;
  if (regions.anywhere() || targets.empty()) return;
  if (std::any_of(targets.begin(), targets.end(),
                  [&](const auto& target) { return regions.permits(target.region); }))
    return;
  draft.problem(line, fmt::format("category '{}' may only be processed in {}, but no target is "
                                  "there; add one, or refuse it by "
                                  "a rule with refuse: true",
                                  category, regions.text()));
}

/// Pseudonyms that reach nobody, or everybody already.
void check_pseudonyms(Draft& draft) {
  const policy::PolicySet& set = draft.config.policy;
  if (!set.pseudonyms) return;
  const policy::PseudonymRule& rule = *set.pseudonyms;
  const auto problem = [&draft](std::string text) {
    draft.problem(draft.pseudonyms_line, std::move(text));
  };
  if (rule.up_to == Sensitivity::kRestricted)
    problem(
        "policy.pseudonyms.up_to is restricted, but restricted data never leave; write "
        "confidential");
  for (const std::string& name : rule.targets) {
    const auto index = set.find_target(name);
    if (!index)
      problem(fmt::format("policy.pseudonyms names the target '{}', which is not there", name));
    else if (set.places_for(rule.up_to).has(set.targets[*index].place))
      problem(
          fmt::format("policy.pseudonyms never changes a decision about '{}': {} data may go "
                      "there as they are; remove it",
                      name, sensitivity_name(rule.up_to)));
    else if (!set.places_for(draft.config.labels.base).has(set.targets[*index].place))
      problem(
          fmt::format("policy.pseudonyms never changes a decision about '{}': not even a "
                      "request in which nothing is found may go there; remove it",
                      name));
  }
}

}  // namespace

void find_contradictions(Draft& draft) {
  check_places(draft);
  check_pseudonyms(draft);
  const std::size_t rules_count = draft.config.policy.rules.size();
  for (std::size_t i = 0; i < rules_count; ++i) check_rule(draft, i);
  for (std::size_t i = 0; i < draft.config.policy.routes.size(); ++i) check_route(draft, i);
  for (const auto& [category, line] : draft.category_lines)
    check_regions(draft, draft.config.labels.category_regions.at(category), category, line);
  for (std::size_t i = 0; i < draft.word_lines.size(); ++i) {
    const policy::WordList& list = draft.config.labels.words[i];
    check_regions(draft, list.regions, list.category, draft.word_lines[i]);
  }
}

}  // namespace nearside::gateway
