#include "policy/veto.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nearside::policy {

namespace {

bool any_or_has(const std::vector<std::string>& list, std::string_view item) {
  return list.empty() || std::find(list.begin(), list.end(), item) != list.end();
}

std::string places_text(Places places) {
  std::vector<std::string_view> names;
  for (const Place place : kPlaces)
    if (places.has(place)) names.push_back(place_name(place));
  return names.empty() ? "nowhere" : fmt::format("{}", fmt::join(names, ", "));
}

std::string region_text(const Target& target) {
  return target.region.empty() ? "no stated region" : target.region;
}

void privacy_vetoes(std::vector<Veto>& out, const PolicySet& set,
                    const std::vector<const Rule*>& matching, const Target& target,
                    const Ask& ask) {
  const Sensitivity level = ask.label.sensitivity;
  if (!set.places_for(level).has(target.place))
    out.push_back(
        {"sensitivity", fmt::format("{} data may go to {}, not to {}", sensitivity_name(level),
                                    places_text(set.places_for(level)), place_name(target.place))});
  if (!ask.label.regions.permits(target.region))
    out.push_back({"residency", fmt::format("the data may be processed in {}, the target is in {}",
                                            ask.label.regions.text(), region_text(target))});
  if (!ask.tenant_regions.permits(target.region))
    out.push_back(
        {"residency", fmt::format("tenant '{}' permits {}, the target is in {}", ask.tenant,
                                  ask.tenant_regions.text(), region_text(target))});
  for (const Rule* rule : matching)
    if (auto veto = rule_veto(*rule, target)) out.push_back(*std::move(veto));
}

void fitness_vetoes(std::vector<Veto>& out, const Target& target, const Live& live, const Ask& ask,
                    const Quote& quote) {
  if (!live.healthy)
    out.push_back({"down", live.unhealthy_why.empty() ? "the target is down" : live.unhealthy_why});
  if (target.local && !ask.upstream_only.empty())
    out.push_back(
        {"ability", fmt::format("the request needs {}, which models of this node do not do",
                                ask.upstream_only)});
  const std::size_t tokens = ask.prompt_tokens + ask.completion_tokens_max.value_or(1);
  if (target.context_tokens_max != 0 && tokens > target.context_tokens_max)
    out.push_back(
        {"context", fmt::format("about {} prompt and {} answer tokens, the context holds {}",
                                ask.prompt_tokens, ask.completion_tokens_max.value_or(1),
                                target.context_tokens_max)});
  // The median decides: a target that would rather miss the deadline than meet it is no candidate.
  if (ask.deadline_ms && quote.total_p50_ms && *quote.total_p50_ms > *ask.deadline_ms)
    out.push_back({"deadline", fmt::format("usually takes {:.0f} ms, the deadline is {:.0f} ms",
                                           *quote.total_p50_ms, *ask.deadline_ms)});
  if (ask.cost_max_usd && quote.cost_usd && *quote.cost_usd > *ask.cost_max_usd)
    out.push_back({"cost_cap", fmt::format("would cost ${:.6f}, the request's cap is ${:.6f}",
                                           *quote.cost_usd, *ask.cost_max_usd)});
}

}  // namespace

bool rule_matches(const Rule& rule, const Ask& ask, std::string_view route) {
  if (rule.sensitivity_at_least && ask.label.sensitivity < *rule.sensitivity_at_least) return false;
  const auto& have = ask.label.categories;
  const bool category =
      rule.categories.empty() ||
      std::any_of(rule.categories.begin(), rule.categories.end(), [&](const std::string& wanted) {
        return std::find(have.begin(), have.end(), wanted) != have.end();
      });
  return category && any_or_has(rule.tenants, ask.tenant) && any_or_has(rule.routes, route) &&
         any_or_has(rule.languages, ask.language);
}

std::string rule_demand(const Rule& rule) {
  std::vector<std::string> parts;
  if (rule.places) parts.push_back("only " + places_text(*rule.places));
  if (!rule.regions.anywhere()) parts.push_back("only in " + rule.regions.text());
  if (!rule.targets.empty())
    parts.push_back(fmt::format("only targets {}", fmt::join(rule.targets, ", ")));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::optional<Veto> rule_veto(const Rule& rule, const Target& target) {
  const bool permitted = (!rule.places || rule.places->has(target.place)) &&
                         rule.regions.permits(target.region) &&
                         any_or_has(rule.targets, target.name);
  if (permitted) return std::nullopt;
  const std::string where = rule.where.empty() ? "" : fmt::format(" ({})", rule.where);
  return Veto{"rule:" + rule.name,
              fmt::format("rule '{}'{} permits {}; the target is {} in {}", rule.name, where,
                          rule_demand(rule), place_name(target.place), region_text(target))};
}

std::vector<Veto> vetoes(const PolicySet& set, const std::vector<const Rule*>& matching,
                         const Target& target, const Live& live, const Ask& ask,
                         const Quote& quote) {
  std::vector<Veto> out;
  privacy_vetoes(out, set, matching, target, ask);
  fitness_vetoes(out, target, live, ask, quote);
  return out;
}

bool is_privacy_veto(const Veto& veto) {
  return veto.rule == "sensitivity" || veto.rule == "residency" || veto.rule.starts_with("rule:");
}

}  // namespace nearside::policy
