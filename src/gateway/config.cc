// The configuration as a whole: read, checked, or refused with everything that is wrong with it.
#include "gateway/config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/file.h"
#include "gateway/config_reader.h"
#include "trust/encoding.h"
#include "trust/sha256.h"

namespace nearside::gateway {

namespace {

void read_ledger(base::YamlMap& root, Draft& draft) {
  // Beside the configuration, like every relative path; without a file, in the working directory.
  draft.config.ledger.file = resolve_path(draft, draft.config.ledger.file);
  const base::YamlNode* node = root.take("ledger");
  if (node == nullptr) return;
  base::YamlMap map(*node, "ledger", draft.problems);
  if (map.text("file", draft.config.ledger.file))
    draft.config.ledger.file = resolve_path(draft, draft.config.ledger.file);
  std::string sync;
  if (!map.text("sync", sync)) return;
  if (sync == "reply")
    draft.config.ledger.sync = telemetry::LedgerSync::kEachReply;
  else if (sync == "second")
    draft.config.ledger.sync = telemetry::LedgerSync::kEachSecond;
  else
    draft.problem(map.line_of("sync"),
                  fmt::format("ledger.sync is '{}'; it wants reply (a reply ends when its record "
                              "would survive a loss of power) or second (the last second's may be "
                              "lost then)",
                              sync));
}

void read_traces(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("traces");
  if (node == nullptr) return;
  base::YamlMap map(*node, "traces", draft.problems);
  map.need("otlp", "the collector's address, such as http://127.0.0.1:4318");
  if (map.text("otlp", draft.config.traces_url) &&
      !draft.config.traces_url.starts_with("http://") &&
      !draft.config.traces_url.starts_with("https://"))
    draft.problem(map.line_of("otlp"),
                  "traces.otlp is no http or https address; write http://HOST:4318");
}

void read_log(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("log");
  if (node == nullptr) return;
  base::YamlMap map(*node, "log", draft.problems);
  std::string level;
  if (!map.text("level", level)) return;
  constexpr std::pair<std::string_view, base::Level> kLevels[] = {{"debug", base::Level::kDebug},
                                                                  {"info", base::Level::kInfo},
                                                                  {"warn", base::Level::kWarn},
                                                                  {"error", base::Level::kError}};
  for (const auto& [name, value] : kLevels)
    if (name == level) {
      draft.config.log_level = value;
      return;
    }
  draft.problem(map.line_of("level"),
                fmt::format("log.level is '{}'; it wants debug, info, warn or error", level));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

}  // namespace

const TenantConfig* Config::find_tenant(std::string_view name) const {
  const auto found = std::find_if(tenants.begin(), tenants.end(),
                                  [&](const auto& tenant) { return tenant.name == name; });
  return found == tenants.end() ? nullptr : &*found;
}

base::Result<Config> load_config(const std::string& path) {
  const std::string text = TRY(base::read_file(path, kConfigBytesMax));
  return parse_config(text, path);
}

base::Result<Config> parse_config(std::string_view text, const std::string& path) {
  Draft draft;
  draft.folder = folder_of(path);
  draft.file = path.substr(draft.folder.size());
  draft.config.file = path;
  draft.config.digest = trust::to_hex(trust::sha256(text));
  const base::YamlNode tree = base::parse_yaml(text, draft.problems);
  // After a syntax error the tree ends somewhere: what is missing from it is no second mistake.
  if (draft.problems.empty()) {
    {
      base::YamlMap root(tree, "", draft.problems);
      read_listen(root, draft);
      read_tls(root, draft);
      read_node(root, draft);
      read_auth(root, draft);
      read_tenants(root, draft);
      read_limits(root, draft);
      read_packages(root, draft);
      read_models(root, draft);
      read_templates(root, draft);
      read_logprobs(root, draft);
      read_targets(root, draft);
      read_labels(root, draft);
      read_policy(root, draft);
      read_routes(root, draft);
      read_quotas(root, draft);
      read_learning(root, draft);
      read_ledger(root, draft);
      read_audit(root, draft);
      read_traces(root, draft);
      read_log(root, draft);
    }
    resolve_references(draft);
    // A contradiction found in half-read rules would send their author looking in the wrong place.
    if (draft.problems.empty()) find_contradictions(draft);
  }
  if (!draft.problems.empty())
    return base::Error{base::Code::kInvalidArgument,
                       draft.problems.text(path.empty() ? "configuration" : path)};
  return std::move(draft.config);
}

base::Result<Config> default_config(const std::string& model_file) {
  Config config;
  policy::Route all{"auto", {}, {}};
  if (!model_file.empty()) {
    std::string name = model_file.substr(folder_of(model_file).size());
    if (name.ends_with(".gguf")) name.resize(name.size() - 5);
    if (!is_name(name))
      return base::fail(
          base::Code::kInvalidArgument,
          "'{}' cannot be a model's name; rename the file to letters, digits, '.', '_' and '-'",
          name);
    ModelConfig model;
    model.name = name;
    model.file = model_file;
    policy::Target target;
    target.name = "device/" + name;
    target.model = name;
    target.local = true;
    target.context_tokens_max = model.context_tokens;
    config.models.push_back(std::move(model));
    config.policy.targets.push_back(std::move(target));
    config.reach.emplace_back(LocalModel{0});
    all.targets.push_back(0);
  }
  config.policy.routes.push_back(std::move(all));
  return config;
}

}  // namespace nearside::gateway
