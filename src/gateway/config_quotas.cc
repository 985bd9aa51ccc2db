// The sections about limits, budgets and kept answers: quotas, quota_store, cache.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/config_reader.h"

namespace nearside::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPerMinuteMax = 1'000'000'000;
constexpr double kBudgetUsdMax = 1e9;

void read_subject(base::YamlMap& map, int line, QuotaRule& rule, Draft& draft) {
  int subjects = 0;
  const std::pair<const char*, QuotaRule::Subject> kinds[] = {
      {"key", QuotaRule::Subject::kKey},
      {"tenant", QuotaRule::Subject::kTenant},
      {"route", QuotaRule::Subject::kRoute}};
  for (const auto& [name, subject] : kinds)
    if (map.text(name, rule.of)) {
      rule.subject = subject;
      ++subjects;
    }
  if (subjects != 1)
    draft.problem(line, fmt::format("{} must name exactly one of key, tenant and route: whose "
                                    "requests it bounds",
                                    map.path()));
}

void read_quota(const base::YamlNode& node, std::string path, Draft& draft) {
  base::YamlMap map(node, std::move(path), draft.problems);
  QuotaRule rule;
  read_name(map, "how refusals and counters call it", rule.name);
  read_subject(map, node.line, rule, draft);
  std::size_t requests = 0;
  std::size_t tokens = 0;
  map.count("requests_per_minute", requests, 1, kPerMinuteMax);
  map.count("tokens_per_minute", tokens, 1, kPerMinuteMax);
  rule.requests_per_minute = requests;
  rule.tokens_per_minute = tokens;
  map.number("budget_usd", rule.budget_usd, 1e-6, kBudgetUsdMax);
  std::chrono::milliseconds window = rule.budget_window;
  if (read_duration(map, "budget_window", window, 1min, 24h * 366))
    rule.budget_window = std::chrono::duration_cast<std::chrono::seconds>(window);
  if (requests == 0 && tokens == 0 && rule.budget_usd == 0)
    draft.problem(node.line, fmt::format("{} bounds nothing; give requests_per_minute, "
                                         "tokens_per_minute or budget_usd",
                                         map.path()));
  for (const QuotaRule& other : draft.config.quotas)
    if (other.name == rule.name && !rule.name.empty())
      draft.problem(node.line, fmt::format("quota '{}' stands here a second time; give each its "
                                           "own name",
                                           rule.name));
  draft.config.quotas.push_back(std::move(rule));
  draft.quota_lines.push_back(node.line);
}

void read_cache(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("cache");
  if (node == nullptr) return;
  base::YamlMap map(*node, "cache", draft.problems);
  CacheConfig& cache = draft.config.cache;
  map.need("tenants", "whose answers are kept");
  map.texts("tenants", cache.tenants);
  read_duration(map, "ttl", cache.ttl, 1s, 24h * 30);
  map.count("bytes_max", cache.bytes_max, std::size_t{1} << 16, std::size_t{1} << 40);
  draft.cache_line = node->line;
}

}  // namespace

void read_quotas(base::YamlMap& root, Draft& draft) {
  root.each("quotas", [&](const base::YamlNode& item, std::string path) {
    read_quota(item, std::move(path), draft);
  });
  read_cache(root, draft);
  const base::YamlNode* node = root.take("quota_store");
  if (node == nullptr) return;
  base::YamlMap map(*node, "quota_store", draft.problems);
  QuotaStoreConfig& store = draft.config.quota_store;
  map.need("redis", "where the counters that nodes share are: ADDRESS:PORT");
  if (map.text("redis", store.redis)) {
    if (const auto address = parse_listen(store.redis); !address)
      draft.problem(map.line_of("redis"), "quota_store.redis: " + address.error().message);
  }
  map.text("password_env", store.password_env);
  if (map.text("password_file", store.password_file))
    store.password_file = resolve_path(draft, store.password_file);
  std::string down;
  if (map.text("when_down", down)) {
    if (down != "local" && down != "refuse")
      draft.problem(map.line_of("when_down"),
                    "quota_store.when_down must be local (each node keeps the limits by itself) or "
                    "refuse");
    store.refuse_when_down = down == "refuse";
  }
}

void check_quotas(Draft& draft) {
  const Config& config = draft.config;
  for (const std::string& tenant : config.cache.tenants)
    if (!tenant.empty() && config.find_tenant(tenant) == nullptr)
      draft.problem(draft.cache_line,
                    fmt::format("cache.tenants names '{}', which is no tenant; \"\" means callers "
                                "without one",
                                tenant));
  for (std::size_t i = 0; i < config.quotas.size(); ++i) {
    const QuotaRule& rule = config.quotas[i];
    const auto knows = [&rule](const auto& list) {
      return std::any_of(list.begin(), list.end(),
                         [&rule](const auto& item) { return item.name == rule.of; });
    };
    const bool known = rule.subject == QuotaRule::Subject::kKey      ? knows(config.auth.keys)
                       : rule.subject == QuotaRule::Subject::kTenant ? knows(config.tenants)
                                                                     : knows(config.policy.routes);
    // A bound on nobody is the most expensive kind of typing mistake.
    if (!known && !rule.of.empty())
      draft.problem(draft.quota_lines[i],
                    fmt::format("quota '{}' bounds '{}', which is no key, tenant or route of this "
                                "configuration",
                                rule.name, rule.of));
  }
}

}  // namespace nearside::gateway
