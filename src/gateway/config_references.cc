// What names what: references resolved to indices, duplicates and unknown names as problems.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/config_reader.h"
#include "policy/words.h"

namespace nearside::gateway {

namespace {

/// "; did you mean 'x'?" or "; known here: a, b". The tenant of callers without a key has no name.
std::string suggestion(std::string_view name, std::vector<std::string> known) {
  std::erase(known, "");
  const std::string near = base::nearest_word(name, known);
  if (!near.empty()) return fmt::format("did you mean '{}'?", near);
  return known.empty() ? "there is none yet"
                       : fmt::format("known here: {}", fmt::join(known, ", "));
}

template <typename List>
std::vector<std::string> names_of(const List& list) {
  std::vector<std::string> names;
  for (const auto& item : list)
    if (!item.name.empty()) names.push_back(item.name);
  return names;
}

template <typename List>
void refuse_duplicates(const List& list, const std::vector<int>& lines, std::string_view what,
                       Draft& draft) {
  std::map<std::string, int> first;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].name.empty()) continue;
    const auto [at, fresh] = first.emplace(list[i].name, lines[i]);
    if (!fresh)
      draft.problem(lines[i],
                    fmt::format("{} '{}' stands here a second time (first in line {}); rename one",
                                what, list[i].name, at->second));
  }
}

void check_known(const std::vector<std::string>& used, const std::vector<std::string>& known,
                 int line, std::string_view what, Draft& draft) {
  for (const std::string& name : used)
    if (std::find(known.begin(), known.end(), name) == known.end())
      draft.problem(line,
                    fmt::format("{} '{}' is not known; {}", what, name, suggestion(name, known)));
}

/// Categories that a label can have under these rules.
std::vector<std::string> known_categories(const policy::LabelRules& rules) {
  std::set<std::string> out = {"attachment"};
  for (const policy::DetectorInfo& info : policy::detectors()) {
    const auto rule = rules.detectors.find(info.name);
    if (rule == rules.detectors.end() || rule->second.enabled) out.insert(info.category);
  }
  for (const policy::WordList& list : rules.words) out.insert(list.category);
  return {out.begin(), out.end()};
}

/// Whether one secret or certificate is good for both.
bool same_key(const KeyConfig& a, const KeyConfig& b) {
  using Digest = std::array<std::uint8_t, 32>;
  std::vector<Digest> of_a = {a.sha256, a.sha256_next.value_or(Digest{})};
  for (const Digest& digest : {b.sha256, b.sha256_next.value_or(Digest{})})
    if (digest != Digest{} && std::find(of_a.begin(), of_a.end(), digest) != of_a.end())
      return true;
  return !a.client_name.empty() && a.client_name == b.client_name;
}

void check_keys(Draft& draft) {
  const Config& config = draft.config;
  refuse_duplicates(config.auth.keys, draft.key_lines, "key", draft);
  const auto tenants = names_of(config.tenants);
  for (std::size_t i = 0; i < config.auth.keys.size(); ++i) {
    const KeyConfig& key = config.auth.keys[i];
    if (!key.tenant.empty())
      check_known({key.tenant}, tenants, draft.key_lines[i], "tenant", draft);
    if (!key.client_name.empty() && (!config.tls || config.tls->client_ca_file.empty()))
      draft.problem(draft.key_lines[i],
                    fmt::format("key '{}' has a client_name, but clients are not asked for "
                                "certificates; set tls.client_ca_file",
                                key.name));
    for (std::size_t j = 0; j < i; ++j)
      if (same_key(config.auth.keys[j], key))
        draft.problem(draft.key_lines[i],
                      fmt::format("key '{}' is the same key as '{}'; give each its own", key.name,
                                  config.auth.keys[j].name));
  }
  for (std::size_t i = 0; i < config.listen.size(); ++i)
    if (config.auth.anonymous() && !config.listen[i].loopback())
      draft.problem(draft.listen_lines.empty() ? 1 : draft.listen_lines[0],
                    fmt::format("listen {} is open to other machines, but there are no keys; add "
                                "auth.keys or listen on "
                                "127.0.0.1",
                                config.listen[i].text()));
}

void check_templates(Draft& draft) {
  const auto tenants = names_of(draft.config.tenants);
  for (std::size_t i = 0; i < draft.config.templates.size(); ++i)
    check_known(draft.config.templates[i].tenants, tenants, draft.template_lines[i], "tenant",
                draft);
}

void resolve_models(Draft& draft) {
  Config& config = draft.config;
  refuse_duplicates(config.models, draft.model_lines, "model", draft);
  const auto names = names_of(config.models);
  std::set<std::size_t> used;
  for (std::size_t i = 0; i < draft.target_models.size(); ++i) {
    if (draft.target_models[i].empty()) continue;
    const std::string whole = draft.target_models[i];
    const std::string model = whole.substr(0, whole.find(':'));
    const std::string adapter = model.size() < whole.size() ? whole.substr(model.size() + 1) : "";
    check_known({model}, names, draft.target_lines[i], "model", draft);
    for (std::size_t m = 0; m < config.models.size(); ++m) {
      if (config.models[m].name != model) continue;
      std::get<LocalModel>(config.reach[i]) = {m, adapter};
      if (model.size() < whole.size())
        check_known({adapter}, names_of(config.models[m].adapters), draft.target_lines[i],
                    fmt::format("model '{}': adapter", model), draft);
      used.insert(m);
      // More requests than a model has sequences wait for one.
      auto& concurrency = config.policy.targets[i].concurrency;
      if (concurrency == 0) concurrency = config.models[m].sequences;
      auto& context = config.policy.targets[i].context_tokens_max;
      context = context == 0 ? config.models[m].context_tokens
                             : std::min(context, config.models[m].context_tokens);
    }
  }
  for (std::size_t m = 0; m < config.models.size(); ++m)
    if (!used.contains(m))
      draft.problem(
          draft.model_lines[m],
          fmt::format("model '{}' would be loaded but no target uses it; add a target with "
                      "model: {}, or remove it",
                      config.models[m].name, config.models[m].name));
}

void resolve_routes(Draft& draft) {
  policy::PolicySet& set = draft.config.policy;
  refuse_duplicates(set.targets, draft.target_lines, "target", draft);
  refuse_duplicates(set.routes, draft.route_lines, "route", draft);
  const auto targets = names_of(set.targets);
  for (std::size_t i = 0; i < set.routes.size(); ++i) {
    check_known(draft.route_targets[i], targets, draft.route_lines[i], "target", draft);
    std::set<std::size_t> seen;
    for (const std::string& name : draft.route_targets[i]) {
      const auto index = set.find_target(name);
      if (!index) continue;
      if (seen.insert(*index).second)
        set.routes[i].targets.push_back(*index);
      else
        draft.problem(draft.route_lines[i], fmt::format("route '{}' names '{}' twice; remove one",
                                                        set.routes[i].name, name));
    }
    if (draft.route_targets[i].empty())
      draft.problem(
          draft.route_lines[i],
          fmt::format("route '{}' has no targets; name at least one", set.routes[i].name));
  }
  if (set.routes.empty()) {  // without routes, `auto` chooses among all targets
    policy::Route all{"auto", {}, set.objective};
    for (std::size_t i = 0; i < set.targets.size(); ++i) all.targets.push_back(i);
    set.routes.push_back(std::move(all));
    draft.route_promises.emplace_back();
    draft.route_lines.push_back(1);
  }
  if (draft.default_route.empty()) return;
  check_known({draft.default_route}, names_of(set.routes), draft.default_route_line, "route",
              draft);
  set.default_route = set.find_route(draft.default_route).value_or(0);
}

void check_rules(Draft& draft) {
  const policy::PolicySet& set = draft.config.policy;
  refuse_duplicates(set.rules, draft.rule_lines, "rule", draft);
  const auto categories = known_categories(draft.config.labels);
  for (std::size_t i = 0; i < set.rules.size(); ++i) {
    const policy::Rule& rule = set.rules[i];
    const int line = draft.rule_lines[i];
    // An unknown name in a condition is a rule that never applies: the most dangerous kind of
    // typing mistake.
    check_known(rule.categories, categories, line, fmt::format("rule '{}': category", rule.name),
                draft);
    check_known(rule.tenants, names_of(draft.config.tenants), line,
                fmt::format("rule '{}': tenant", rule.name), draft);
    check_known(rule.routes, names_of(set.routes), line, fmt::format("rule '{}': route", rule.name),
                draft);
    check_known(rule.languages, {"de", "en"}, line, fmt::format("rule '{}': language", rule.name),
                draft);
    check_known(rule.targets, names_of(set.targets), line,
                fmt::format("rule '{}': target", rule.name), draft);
  }
  for (const auto& [category, line] : draft.category_lines)
    check_known({category}, categories, line, "labels.regions: category", draft);
}

void check_comparisons(Draft& draft) {
  const ComparisonRules& rules = draft.config.comparisons;
  const int line = draft.comparisons_line;
  auto tenants = names_of(draft.config.tenants);
  tenants.emplace_back();  // callers without one
  const auto targets = names_of(draft.config.policy.targets);
  check_known(rules.tenants, tenants, line, "comparisons: tenant", draft);
  check_known(rules.targets, targets, line, "comparisons: target", draft);
  if (!rules.judge.empty()) check_known({rules.judge}, targets, line, "comparisons: judge", draft);
}

void check_words(Draft& draft) {
  const auto& lists = draft.config.labels.words;
  for (std::size_t i = 0; i < lists.size(); ++i)
    if (auto compiled = policy::words_detector(lists[i]); !compiled)
      draft.problem(draft.word_lines[i], fmt::format("labels.words[{}]: {}; change or remove it", i,
                                                     compiled.error().message));
}

}  // namespace

void resolve_references(Draft& draft) {
  check_keys(draft);
  check_templates(draft);
  resolve_models(draft);
  resolve_routes(draft);
  check_rules(draft);
  check_words(draft);
  check_comparisons(draft);
  check_quotas(draft);
}

}  // namespace nearside::gateway
