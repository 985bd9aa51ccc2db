// Values that several sections read.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "gateway/config_reader.h"

namespace nearside::gateway {

namespace {

constexpr std::string_view kSensitivityWants = "public, internal, confidential or restricted";
constexpr std::string_view kPlaceWants = "device, edge, onprem or cloud";
constexpr std::string_view kRegionWants =
    "a region such as eu-de: lower-case letters, digits and single hyphens";

std::string join(base::YamlMap& map, std::string_view key) {
  return map.path().empty() ? std::string(key) : fmt::format("{}.{}", map.path(), key);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t amount = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (parsed.ec != std::errc{} || amount < 0 || amount > 1'000'000'000) return std::nullopt;
  const std::string_view unit(parsed.ptr,
                              static_cast<std::size_t>(text.data() + text.size() - parsed.ptr));
  if (unit == "ms") return std::chrono::milliseconds(amount);
  if (unit == "s") return std::chrono::seconds(amount);
  if (unit == "m") return std::chrono::minutes(amount);
  if (unit == "h" && amount < 100'000) return std::chrono::hours(amount);
  return std::nullopt;
}

}  // namespace

bool read_duration(base::YamlMap& map, std::string_view key, std::chrono::milliseconds& out,
                   std::chrono::milliseconds least, std::chrono::milliseconds most) {
  const base::YamlNode* node = map.take(key);
  if (node == nullptr) return false;
  const auto value = parse_duration(node->scalar);
  if (!value || *value < least || *value > most) {
    base::yaml_wants(map.problems(), *node, join(map, key),
                     fmt::format("a time with its unit from {}ms to {}s, such as 250ms, 30s or 10m",
                                 least.count(), most.count() / 1000));
    return false;
  }
  out = *value;
  return true;
}

bool read_sensitivity(base::YamlMap& map, std::string_view key, policy::Sensitivity& out) {
  const base::YamlNode* node = map.take(key);
  if (node == nullptr) return false;
  const auto value = policy::parse_sensitivity(node->scalar);
  if (!value)
    base::yaml_wants(map.problems(), *node, join(map, key), kSensitivityWants);
  else
    out = *value;
  return value.has_value();
}

bool read_place(base::YamlMap& map, std::string_view key, policy::Place& out) {
  const base::YamlNode* node = map.take(key);
  if (node == nullptr) return false;
  const auto value = policy::parse_place(node->scalar);
  if (!value)
    base::yaml_wants(map.problems(), *node, join(map, key), kPlaceWants);
  else
    out = *value;
  return value.has_value();
}

std::optional<policy::Places> read_places(const base::YamlNode& node, const std::string& path,
                                          Draft& draft) {
  policy::Places places;
  if (node.kind != base::YamlNode::Kind::kSequence) {
    base::yaml_wants(draft.problems, node, path, "a list of places, such as [device, onprem]");
    return std::nullopt;
  }
  for (const base::YamlNode& item : node.items) {
    const auto place = policy::parse_place(item.scalar);
    if (!place)
      base::yaml_wants(draft.problems, item, path, kPlaceWants);
    else
      places.add(*place);
  }
  return places;
}

bool read_region(base::YamlMap& map, std::string_view key, std::string& out) {
  const base::YamlNode* node = map.take(key);
  if (node == nullptr) return false;
  if (!policy::region_is_well_formed(node->scalar)) {
    base::yaml_wants(map.problems(), *node, join(map, key), kRegionWants);
    return false;
  }
  out = node->scalar;
  return true;
}

bool read_regions(base::YamlMap& map, std::string_view key, policy::Regions& out) {
  std::vector<std::string> names;
  if (!map.texts(key, names)) return false;
  const base::YamlNode& node = *map.take(key);
  const bool good =
      !names.empty() && std::all_of(names.begin(), names.end(), policy::region_is_well_formed);
  if (!good) {
    base::yaml_wants(map.problems(), node, join(map, key),
                     fmt::format("a list with at least one of: {}", kRegionWants));
    return false;
  }
  out = policy::Regions::only(std::move(names));
  return true;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

bool read_name(base::YamlMap& map, std::string_view what_for, std::string& out) {
  const base::YamlNode* node = map.need("name", what_for);
  if (node == nullptr) return false;
  if (!is_name(node->scalar)) {
    base::yaml_wants(map.problems(), *node, join(map, "name"),
                     "a name of letters, digits, '.', '_' and '-', at most 64");
    return false;
  }
  out = node->scalar;
  return true;
}

std::string resolve_path(const Draft& draft, const std::string& path) {
  return path.empty() || path.front() == '/' ? path : draft.folder + path;
}

bool optional_number(base::YamlMap& map, std::string_view key, std::optional<double>& out,
                     double least, double most) {
  double value = 0;
  if (!map.number(key, value, least, most)) return false;
  out = value;
  return true;
}

}  // namespace nearside::gateway
