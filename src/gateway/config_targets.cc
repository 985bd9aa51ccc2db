// The sections about what can serve: models, targets.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/config_reader.h"

namespace nearside::gateway {

namespace {

using namespace std::chrono_literals;

void read_quality(base::YamlMap& target, policy::Quality& out, Draft& draft) {
  const base::YamlNode* node = target.take("quality");
  if (node == nullptr) return;
  base::YamlMap map(*node, target.path() + ".quality", draft.problems);
  optional_number(map, "prior", out.prior, 0, 1);
  const base::YamlNode* languages = map.take("by_language");
  if (languages == nullptr) return;
  base::YamlMap by_language(*languages, map.path() + ".by_language", draft.problems);
  for (const auto& member : languages->members) {
    double value = 0;
    if (member.key.size() != 2)
      draft.problem(
          member.line,
          fmt::format("'{}' is no language; write its two letters, such as en or de", member.key));
    if (by_language.number(member.key, value, 0, 1)) out.by_language[member.key] = value;
  }
}

void read_speed(base::YamlMap& target, policy::Speed& out, Draft& draft) {
  const base::YamlNode* node = target.take("speed");
  if (node == nullptr) return;
  base::YamlMap map(*node, target.path() + ".speed", draft.problems);
  optional_number(map, "ttft_ms", out.ttft_ms, 0, 1e7);
  optional_number(map, "tokens_per_second", out.tokens_per_second, 1e-3, 1e7);
  optional_number(map, "prompt_tokens_per_second", out.prompt_tokens_per_second, 1e-3, 1e9);
}

bool is_url(std::string_view url) {
  const bool scheme = url.starts_with("http://") || url.starts_with("https://");
  const std::string_view rest = url.substr(std::min(url.size(), url.find("://") + 3));
  return scheme && !rest.empty() && rest.front() != '/' &&
         url.find_first_of(" \t\r\n?#@") == std::string_view::npos;
}

// As in upstream/providers.cc; a test compares the two.
constexpr std::array<std::string_view, 7> kProviders = {
    "openai", "openai-responses", "azure", "anthropic", "gemini", "bedrock", "ollama"};

/// How a server writes on where an answer broke off, as far as the provider has words for it.
void read_continues(base::YamlMap& map, UpstreamConfig& upstream, Draft& draft) {
  if (!map.text("continues", upstream.continues)) return;
  const std::string& how = upstream.continues;
  const bool known =
      how == "off" || how == "last_message" || how == "prefix" || how == "continue_final_message";
  const bool openai = upstream.provider == "openai";
  const bool last_message =
      openai || upstream.provider == "anthropic" || upstream.provider == "ollama";
  if (!known)
    draft.problem(map.line_of("continues"),
                  fmt::format("{}.continues is '{}'; known are off, last_message, prefix and "
                              "continue_final_message",
                              map.path(), how));
  else if (how != "off" && !(how == "last_message" ? last_message : openai))
    draft.problem(map.line_of("continues"),
                  fmt::format("{}.continues is '{}', for which the provider {} has no words; write "
                              "off",
                              map.path(), how, upstream.provider));
}

UpstreamConfig read_upstream(const base::YamlNode& node, const std::string& path, Draft& draft) {
  base::YamlMap map(node, path, draft.problems);
  UpstreamConfig upstream;
  if (map.text("provider", upstream.provider) &&
      std::find(kProviders.begin(), kProviders.end(), upstream.provider) == kProviders.end())
    draft.problem(map.line_of("provider"),
                  fmt::format("{}.provider '{}' is not known; known here: {}", path,
                              upstream.provider, fmt::join(kProviders, ", ")));
  map.text("api_version", upstream.api_version);
  map.text("aws_region", upstream.aws_region);
  read_continues(map, upstream, draft);
  if (map.need("url", "where the server is, such as https://host/v1") != nullptr &&
      map.text("url", upstream.url)) {
    if (!is_url(upstream.url))
      draft.problem(
          map.line_of("url"),
          fmt::format(
              "{}.url is no address of a server; write http(s)://HOST[:PORT]/PATH without user, "
              "query or fragment (keys belong in key_env or key_file)",
              path));
    while (upstream.url.ends_with('/')) upstream.url.pop_back();
  }
  map.need("model", "what that server calls the model");
  map.text("model", upstream.model);
  map.text("key_env", upstream.key_env);
  if (map.text("key_file", upstream.key_file))
    upstream.key_file = resolve_path(draft, upstream.key_file);
  if (!upstream.key_env.empty() && !upstream.key_file.empty())
    draft.problem(map.line_of("key_env"),
                  fmt::format("{} has key_env and key_file; keep one", path));
  if (map.text("ca_file", upstream.ca_file))
    upstream.ca_file = resolve_path(draft, upstream.ca_file);
  read_upstream_tls(map, upstream, draft);
  read_duration(map, "connect_timeout", upstream.connect_timeout, 10ms, 10min);
  read_duration(map, "first_token_timeout", upstream.first_token_timeout, 10ms, 1h);
  read_duration(map, "stall_timeout", upstream.stall_timeout, 10ms, 1h);
  read_duration(map, "total_timeout", upstream.total_timeout, 100ms, 24h);
  map.count("concurrent_requests_max", upstream.concurrent_requests_max, 1, 100'000);
  return upstream;
}

/// "place/name" or "name"; in both cases the target is known as "place/name".
void read_target_name(base::YamlMap& map, policy::Target& target, Draft& draft) {
  std::string name;
  if (map.need("name", "how clients and routes name it: place/name") == nullptr ||
      !map.text("name", name))
    return;
  const std::size_t slash = name.find('/');
  const std::string_view place = policy::place_name(target.place);
  const std::string_view own = slash == std::string::npos
                                   ? std::string_view(name)
                                   : std::string_view(name).substr(slash + 1);
  if (!is_name(own))
    draft.problem(
        map.line_of("name"),
        fmt::format(
            "{}.name '{}' is not usable; write place/name with letters, digits, '.', '_' and '-'",
            map.path(), name));
  else if (slash != std::string::npos && std::string_view(name).substr(0, slash) != place)
    draft.problem(
        map.line_of("name"),
        fmt::format("{}.name '{}' contradicts its place; write {}/{}, or change the place",
                    map.path(), name, place, own));
  target.name = fmt::format("{}/{}", place, own);
}

void read_target(const base::YamlNode& node, std::string path, Draft& draft) {
  base::YamlMap map(node, std::move(path), draft.problems);
  policy::Target target;
  target.place = draft.config.node.place;
  target.region = draft.config.node.region;
  const base::YamlNode* upstream = map.take("upstream");
  if (upstream != nullptr && map.take("place") == nullptr)
    draft.problem(
        node.line,
        fmt::format("{} has an upstream but no place; say where that server stands: place: onprem, "
                    "edge or cloud",
                    map.path()));
  if (upstream != nullptr)
    target.region.clear();  // that this node is in a region says nothing of that server
  read_place(map, "place", target.place);
  read_region(map, "region", target.region);
  read_target_name(map, target, draft);
  read_quality(map, target.quality, draft);
  read_speed(map, target.speed, draft);
  optional_number(map, "joules_per_token", target.joules_per_token, 0, 1e6);
  map.count("concurrency", target.concurrency, 1, 1'000'000);
  map.count("context_tokens", target.context_tokens_max, 1, std::size_t{1} << 30);

  read_costs(map, upstream, target, draft);

  std::string model;
  const bool has_model = map.text("model", model);
  if (has_model == (upstream != nullptr))
    draft.problem(node.line,
                  fmt::format("{} needs either model (one of models:) or upstream", map.path()));
  draft.target_models.push_back(upstream == nullptr ? model : "");
  if (upstream != nullptr) {
    UpstreamConfig config = read_upstream(*upstream, map.path() + ".upstream", draft);
    target.model = config.model;
    draft.config.reach.emplace_back(std::move(config));
  } else {
    target.model = model;
    target.local = true;
    draft.config.reach.emplace_back(LocalModel{});
  }
  draft.config.policy.targets.push_back(std::move(target));
  draft.target_lines.push_back(node.line);
}

}  // namespace

void read_sealed(base::YamlMap& model, Draft& draft, SealedConfig& sealed) {
  const base::YamlNode* node = model.take("sealed");
  if (node == nullptr) return;
  const std::string path = model.path() + ".sealed";
  base::YamlMap map(*node, path, draft.problems);
  map.need("envelope", "the file with the wrapped key, as written by `nearside model seal`");
  if (map.text("envelope", sealed.envelope)) sealed.envelope = resolve_path(draft, sealed.envelope);
  if (map.text("key_file", sealed.key_file)) sealed.key_file = resolve_path(draft, sealed.key_file);
  map.text("tpm", sealed.tpm);
  if (sealed.key_file.empty() == sealed.tpm.empty())
    draft.problem(map.line(), fmt::format("{} wants either key_file or tpm", path));
}

namespace {

void read_adapters(base::YamlMap& model, Draft& draft, ModelConfig& out) {
  model.each("adapters", [&](const base::YamlNode& item, std::string path) {
    base::YamlMap map(item, std::move(path), draft.problems);
    AdapterConfig adapter;
    read_name(map, "how targets refer to it, as MODEL:ADAPTER", adapter.name);
    map.need("file", "the adapter's GGUF file, relative to this file or absolute");
    if (map.text("file", adapter.file)) adapter.file = resolve_path(draft, adapter.file);
    for (const AdapterConfig& other : out.adapters)
      if (other.name == adapter.name)
        draft.problem(item.line,
                      fmt::format("two adapters are called '{}'; rename one", adapter.name));
    out.adapters.push_back(std::move(adapter));
  });
}

}  // namespace

void read_models(base::YamlMap& root, Draft& draft) {
  root.each("models", [&](const base::YamlNode& item, std::string path) {
    base::YamlMap map(item, std::move(path), draft.problems);
    ModelConfig model;
    read_name(map, "how targets refer to it", model.name);
    map.need("file", "the GGUF file, relative to this file or absolute");
    if (map.text("file", model.file)) model.file = resolve_path(draft, model.file);
    read_sealed(map, draft, model.sealed);
    map.count("context_tokens", model.context_tokens, 16, std::size_t{1} << 24);
    map.count("threads", model.threads, 0, 4096);
    map.count("sequences", model.sequences, 1, 4096);
    map.count("prefix_cache_tokens", model.prefix_cache_tokens, 0, std::size_t{1} << 24);
    map.flag("share_prefixes_between_tenants", model.share_prefixes_between_tenants);
    read_adapters(map, draft, model);
    if (map.text("draft", model.draft_file))
      model.draft_file = resolve_path(draft, model.draft_file);
    map.text("kv_cache", model.kv_cache);
    if (model.kv_cache != "f16" && model.kv_cache != "q8_0")
      draft.problem(map.line(), fmt::format("{}.kv_cache is '{}'; known are f16 and q8_0",
                                            map.path(), model.kv_cache));
    read_duration(map, "keep_alive", model.keep_alive, std::chrono::milliseconds(1000),
                  std::chrono::hours(24 * 365));
    draft.config.models.push_back(std::move(model));
    draft.model_lines.push_back(item.line);
  });
}

void read_targets(base::YamlMap& root, Draft& draft) {
  root.each("targets", [&](const base::YamlNode& item, std::string path) {
    read_target(item, std::move(path), draft);
  });
}

}  // namespace nearside::gateway
