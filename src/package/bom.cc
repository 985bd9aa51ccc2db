#include "package/bom.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "base/json.h"
#include "package/digest.h"
#include "package/tree.h"
#include "trust/encoding.h"

namespace nearside::package {

using base::Code;
using base::fail;
namespace json = base::json;

namespace {

/// By the name, which says what people call it; what it is is checked where it is loaded.
std::string_view component_type(std::string_view path) {
  if (path.ends_with(".gguf") || path.ends_with(".safetensors") || path.ends_with(".sealed"))
    return "machine-learning-model";
  return path.ends_with(".jsonl") || path.ends_with(".csv") ? "data" : "file";
}

bool is_left_out(std::string_view path) {
  return path == kBomFile || path.ends_with(".sig") || path.ends_with(".key.json");
}

std::string timestamp(base::WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

/// A name-based UUID (RFC 9562, version 8) of what is in the BOM: equal for equal content.
std::string serial_number(const json::array& components, const BomFacts& facts) {
  trust::Sha256 digest =
      trust::sha256(json::serialize(components) + facts.name + "\n" + facts.version);
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0FU) | 0x80U);
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3FU) | 0x80U);
  const std::string hex = trust::to_hex(digest);
  return fmt::format("urn:uuid:{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4),
                     hex.substr(12, 4), hex.substr(16, 4), hex.substr(20, 12));
}

json::object model_component(const BomFacts& facts) {
  json::object model{{"type", "machine-learning-model"},
                     {"bom-ref", facts.name + "@" + facts.version},
                     {"name", facts.name},
                     {"version", facts.version}};
  if (!facts.supplier.empty()) model["supplier"] = json::object{{"name", facts.supplier}};
  if (!facts.license.empty())
    model["licenses"] =
        json::array{json::object{{"license", json::object{{"name", facts.license}}}}};
  json::object parameters;
  if (!facts.architecture.empty()) {
    parameters["architectureFamily"] = "transformer";
    parameters["modelArchitecture"] = facts.architecture;
  }
  if (!parameters.empty()) model["modelCard"] = json::object{{"modelParameters", parameters}};
  if (!facts.base_model.empty())
    model["pedigree"] =
        json::object{{"ancestors", json::array{json::object{{"type", "machine-learning-model"},
                                                            {"name", facts.base_model}}}}};
  return model;
}

}  // namespace

base::Result<std::string> make_bom(const std::string& folder, const BomFacts& facts,
                                   base::WallTime now) {
  if (facts.name.empty() || facts.version.empty())
    return fail(Code::kInvalidArgument, "a BOM wants the model's name and version");
  const Tree tree = TRY(Tree::open(folder));
  json::array components;
  const std::vector<Entry> entries = TRY(tree.list({}));
  for (const Entry& entry : entries) {
    if (entry.kind != EntryKind::kFile)
      return fail(Code::kInvalidArgument, "{} in {} is no plain file", entry.path, folder);
    if (is_left_out(entry.path)) continue;
    const base::UniqueFd file = TRY(tree.open_file(entry.path, false));
    const trust::Sha256 digest = TRY(file_digest(file, 0, entry.size_bytes));
    components.push_back(json::object{
        {"type", component_type(entry.path)},
        {"bom-ref", "file:" + entry.path},
        {"name", entry.path},
        {"hashes",
         json::array{json::object{{"alg", "SHA-256"}, {"content", trust::to_hex(digest)}}}},
        {"properties", json::array{json::object{{"name", "nearside:size_bytes"},
                                                {"value", std::to_string(entry.size_bytes)}}}}});
  }
  json::array parts;
  for (const json::value& component : components) parts.push_back(component.at("bom-ref"));
  const json::object bom{
      {"bomFormat", "CycloneDX"},
      {"specVersion", "1.6"},
      {"serialNumber", serial_number(components, facts)},
      {"version", 1},
      {"metadata",
       json::object{
           {"timestamp", timestamp(now)},
           {"tools", json::object{{"components", json::array{json::object{{"type", "application"},
                                                                          {"name", "nearside"}}}}}},
           {"component", model_component(facts)}}},
      {"components", components},
      {"dependencies",
       json::array{json::object{{"ref", facts.name + "@" + facts.version}, {"dependsOn", parts}}}}};
  return json::serialize(bom) + "\n";
}

}  // namespace nearside::package
