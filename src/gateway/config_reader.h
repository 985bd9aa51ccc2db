// Between the YAML tree and the configuration: one function a section, and what they share.
//
// Private to config*.cc. Every function adds to the draft's problems and goes on, so that the
// file's author hears of everything at once.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "gateway/config.h"

namespace nearside::gateway {

/// A rule or route before its references were checked, and the lines to point at.
struct Draft {
  Config config;
  base::YamlProblems problems;
  std::string folder;  // relative paths start here; "" or ends in '/'
  std::string file;    // for explanations: "nearside.yaml"

  // Lines, parallel to the lists of the configuration.
  std::vector<int> listen_lines, key_lines, model_lines, target_lines, word_lines, rule_lines,
      route_lines, quota_lines, template_lines;
  std::map<std::string, int> category_lines;  // of labels.regions
  int places_line = 1;
  int pseudonyms_line = 1;
  int cache_line = 1;
  int comparisons_line = 1;

  // References by name, resolved when everything is read.
  std::vector<std::string> target_models;               // by target; "" for upstreams
  std::vector<std::vector<std::string>> route_targets;  // by route
  /// What a route promises: data of this sensitivity and of these regions find a target.
  struct Promise {
    std::optional<policy::Sensitivity> sensitivity;
    std::vector<std::string> regions;
  };
  std::vector<Promise> route_promises;
  std::string default_route;
  int default_route_line = 0;

  void problem(int line, std::string text) { problems.add(line, std::move(text)); }
};

/// The sections, in the order in which they are read.
void read_listen(base::YamlMap& root, Draft& draft);
void read_tls(base::YamlMap& root, Draft& draft);
void read_node(base::YamlMap& root, Draft& draft);
void read_auth(base::YamlMap& root, Draft& draft);
void read_tenants(base::YamlMap& root, Draft& draft);
void read_limits(base::YamlMap& root, Draft& draft);
void read_packages(base::YamlMap& root, Draft& draft);
void read_models(base::YamlMap& root, Draft& draft);
void read_targets(base::YamlMap& root, Draft& draft);
void read_labels(base::YamlMap& root, Draft& draft);
void read_policy(base::YamlMap& root, Draft& draft);
void read_routes(base::YamlMap& root, Draft& draft);
void read_quotas(base::YamlMap& root, Draft& draft);
void read_learning(base::YamlMap& root, Draft& draft);

void read_logprobs(base::YamlMap& root, Draft& draft);
void read_templates(base::YamlMap& root, Draft& draft);
/// `sealed` of a model or a template.
void read_sealed(base::YamlMap& parent, Draft& draft, SealedConfig& sealed);
void read_audit(base::YamlMap& root, Draft& draft);

/// References, duplicates, unused parts: config_references.cc. Fills in what refers by index.
void resolve_references(Draft& draft);
/// Subjects of quotas that are not there.
void check_quotas(Draft& draft);
/// Rules and routes that contradict each other or change nothing: config_contradictions.cc.
/// REQUIRES: resolve_references found no problem.
void find_contradictions(Draft& draft);

/// What a request costs at a target: its price: or local_cost:. `upstream` is null for a local
/// model. REQUIRES: the target is the next to be added to the configuration.
void read_costs(base::YamlMap& map, const base::YamlNode* upstream, policy::Target& out,
                Draft& draft);
/// The keys of an upstream about TLS, but for ca_file.
void read_upstream_tls(base::YamlMap& map, UpstreamConfig& upstream, Draft& draft);

// What several sections read.

/// A number that may be absent.
bool optional_number(base::YamlMap& map, std::string_view key, std::optional<double>& out,
                     double least, double most);

/// "250ms", "30s", "10m", "1h". A number without a unit is a problem.
bool read_duration(base::YamlMap& map, std::string_view key, std::chrono::milliseconds& out,
                   std::chrono::milliseconds least, std::chrono::milliseconds most);
bool read_sensitivity(base::YamlMap& map, std::string_view key, policy::Sensitivity& out);
bool read_place(base::YamlMap& map, std::string_view key, policy::Place& out);
std::optional<policy::Places> read_places(const base::YamlNode& node, const std::string& path,
                                          Draft& draft);
/// One region name.
bool read_region(base::YamlMap& map, std::string_view key, std::string& out);
/// A list of regions; absent leaves `out` as it is (anywhere).
bool read_regions(base::YamlMap& map, std::string_view key, policy::Regions& out);
/// A name of letters, digits, '.', '_' and '-', 1 to 64 bytes.
bool read_name(base::YamlMap& map, std::string_view what_for, std::string& out);
bool is_name(std::string_view text);
/// Makes a path that is relative to the file one that is relative to the working directory.
std::string resolve_path(const Draft& draft, const std::string& path);

}  // namespace nearside::gateway
