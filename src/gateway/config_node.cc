// The sections about the node itself: listen, node, auth, tenants, limits.
#include <charconv>

#include <fmt/format.h>

#include "gateway/config_reader.h"

namespace nearside::gateway {

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool parse_sha256(std::string_view text, std::array<std::uint8_t, 32>& out) {
  if (text.starts_with("sha256:")) text.remove_prefix(7);
  if (text.size() != 64) return false;
  for (std::size_t i = 0; i < 32; ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

/// False when it is absent or wrong.
bool read_hash(base::YamlMap& map, std::string_view name, std::array<std::uint8_t, 32>& out,
               Draft& draft) {
  std::string hash;
  if (!map.text(name, hash)) return false;
  if (parse_sha256(hash, out)) return true;
  draft.problem(
      map.line_of(name),
      fmt::format("{}.{} is no SHA-256 in hex (64 digits); make it with: printf %s KEY | sha256sum",
                  map.path(), name));
  return false;
}

void read_scopes(base::YamlMap& map, KeyConfig& key, Draft& draft) {
  std::vector<std::string> names;
  if (!map.texts("scopes", names)) return;
  key.scopes = 0;
  for (const std::string& name : names) {
    std::uint8_t scope = 0;
    for (const Scope known : {Scope::kInfer, Scope::kMetrics, Scope::kAdmin})
      if (scope_name(known) == name) scope = static_cast<std::uint8_t>(known);
    if (scope == 0)
      draft.problem(
          map.line_of("scopes"),
          fmt::format("{}.scopes has '{}'; it wants infer, metrics or admin", map.path(), name));
    key.scopes = static_cast<std::uint8_t>(key.scopes | scope);
  }
  if (names.empty())
    draft.problem(map.line_of("scopes"),
                  fmt::format("{}.scopes is empty, so the key is good for nothing; name infer, "
                              "metrics or admin, or remove the key",
                              map.path()));
}

void read_key(const base::YamlNode& node, std::string path, Draft& draft) {
  base::YamlMap map(node, std::move(path), draft.problems);
  KeyConfig key;
  read_name(map, "who uses this key, for records", key.name);
  map.text("tenant", key.tenant);
  map.text("client_name", key.client_name);
  if (!read_hash(map, "hash", key.sha256, draft) && key.client_name.empty())
    map.need("hash", "the SHA-256 of the key in hex: printf %s KEY | sha256sum");
  std::array<std::uint8_t, 32> next{};
  if (read_hash(map, "hash_next", next, draft)) key.sha256_next = next;
  read_scopes(map, key, draft);
  draft.config.auth.keys.push_back(std::move(key));
  draft.key_lines.push_back(node.line);
}

}  // namespace

std::string_view scope_name(Scope scope) {
  switch (scope) {
    case Scope::kInfer:
      return "infer";
    case Scope::kMetrics:
      return "metrics";
    case Scope::kAdmin:
      return "admin";
  }
  return "";
}

void read_listen(base::YamlMap& root, Draft& draft) {
  std::vector<std::string> addresses;
  if (!root.texts("listen", addresses)) return;
  draft.config.listen.clear();
  for (const std::string& text : addresses) {
    auto address = parse_listen(text);
    if (!address)
      draft.problem(root.line_of("listen"), "listen: " + address.error().message);
    else
      draft.config.listen.push_back(*std::move(address));
    draft.listen_lines.push_back(root.line_of("listen"));
  }
  if (addresses.empty())
    draft.problem(root.line_of("listen"),
                  "listen is empty; name an address such as 127.0.0.1:8080");
}

void read_node(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("node");
  if (node == nullptr) return;
  base::YamlMap map(*node, "node", draft.problems);
  read_name(map, "how this node is called in records", draft.config.node.name);
  read_place(map, "place", draft.config.node.place);
  read_region(map, "region", draft.config.node.region);
}

void read_auth(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("auth");
  if (node == nullptr) return;
  base::YamlMap map(*node, "auth", draft.problems);
  map.each("keys", [&](const base::YamlNode& item, std::string path) {
    read_key(item, std::move(path), draft);
  });
}

void read_tenants(base::YamlMap& root, Draft& draft) {
  root.each("tenants", [&](const base::YamlNode& item, std::string path) {
    base::YamlMap map(item, std::move(path), draft.problems);
    TenantConfig tenant;
    read_name(map, "which keys refer to it by auth.keys[].tenant", tenant.name);
    read_regions(map, "regions", tenant.regions);
    policy::Sensitivity least{};
    if (read_sensitivity(map, "sensitivity_min", least)) tenant.sensitivity_min = least;
    for (const TenantConfig& other : draft.config.tenants)
      if (other.name == tenant.name && !tenant.name.empty())
        draft.problem(item.line, fmt::format("tenant '{}' stands here a second time; merge the two",
                                             tenant.name));
    draft.config.tenants.push_back(std::move(tenant));
  });
}

void read_limits(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("limits");
  if (node == nullptr) return;
  base::YamlMap map(*node, "limits", draft.problems);
  LimitsConfig& limits = draft.config.limits;
  map.count("body_bytes_max", limits.body_bytes_max, 1024, std::size_t{1} << 30);
  map.count("concurrent_requests_max", limits.concurrent_requests_max, 1, 100'000);
  map.count("connections_max", limits.connections_max, 1, 1'000'000);
  read_duration(map, "header_timeout", limits.header_timeout, 100ms, 10min);
  read_duration(map, "idle_timeout", limits.idle_timeout, 1s, 1h);
  read_duration(map, "write_timeout", limits.write_timeout, 100ms, 1h);
  map.count("model_memory_bytes", limits.model_memory_bytes, std::size_t{1} << 20,
            std::size_t{1} << 50);
  read_duration(map, "request_timeout", limits.request_timeout, 1s, 24h);
}

}  // namespace nearside::gateway
