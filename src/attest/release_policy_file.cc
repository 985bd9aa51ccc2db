// Reads a release policy.
#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "attest/release_policy.h"
#include "base/file.h"
#include "base/yaml.h"
#include "trust/encoding.h"

namespace nearside::attest {

namespace {

constexpr std::size_t kPolicyBytesMax = 1U << 20;
constexpr std::size_t kSnpMeasurementBytes = 48;
constexpr std::size_t kMeasurementBytesMax = 64;
constexpr std::size_t kTdxTcbBytes = 16;

struct Reading {
  ReleasePolicy policy;
  base::YamlProblems problems;
  std::string folder;  // "" or ends in '/'

  [[nodiscard]] std::string resolve(const std::string& path) const {
    return path.starts_with('/') ? path : folder + path;
  }
};

std::optional<std::string> bytes_of(const base::YamlNode& node, const std::string& path,
                                    std::size_t least, std::size_t most, Reading& reading) {
  const auto bytes = trust::from_hex(node.scalar);
  if (bytes && bytes->size() >= least && bytes->size() <= most) return *bytes;
  base::yaml_wants(reading.problems, node, path,
                   least == most ? fmt::format("{} hexadecimal digits", 2 * least)
                                 : fmt::format("{} to {} hexadecimal digits", 2 * least, 2 * most));
  return std::nullopt;
}

/// The files named under `key`, each given to `take`, which says what is wrong with one.
template <typename Take>
void read_files(base::YamlMap& map, std::string_view key, Reading& reading, const Take& take) {
  std::vector<std::string> files;
  if (!map.texts(key, files)) return;
  for (const std::string& file : files) {
    const auto content = base::read_file(reading.resolve(file), kPolicyBytesMax);
    base::Status taken = content ? take(*content) : base::Status(content.error());
    if (!taken)
      map.problem(map.line_of(key),
                  fmt::format("{}.{}: {}: {}", map.path(), key, file, taken.error().message));
  }
}

std::optional<unsigned> index_of(const base::YamlNode::Member& member, unsigned most,
                                 const std::string& path, Reading& reading) {
  unsigned index = 0;
  const char* const end = member.key.data() + member.key.size();
  const auto [at, error] = std::from_chars(member.key.data(), end, index);
  if (error == std::errc() && at == end && index <= most) return index;
  reading.problems.add(member.line,
                       fmt::format("{}: '{}' is no number up to {}", path, member.key, most));
  return std::nullopt;
}

void read_indexed(base::YamlMap& map, std::string_view key, unsigned most, Reading& reading,
                  const std::function<void(unsigned, const base::YamlNode&)>& take) {
  const base::YamlNode* node = map.take(key);
  if (node == nullptr) return;
  const std::string path = fmt::format("{}.{}", map.path(), key);
  if (node->kind != base::YamlNode::Kind::kMap)
    return base::yaml_wants(reading.problems, *node, path, "a map from numbers to digits");
  for (const auto& member : node->members)
    if (const auto index = index_of(member, most, path, reading)) take(*index, member.value);
}

void read_tcb(base::YamlMap& map, SnpTcb& tcb, Reading& reading) {
  const base::YamlNode* node = map.take("tcb_min");
  if (node == nullptr) return;
  base::YamlMap inner(*node, map.path() + ".tcb_min", reading.problems);
  const auto part = [&](std::string_view key, std::uint8_t& out) {
    std::size_t value = 0;
    if (inner.count(key, value, 0, 255)) out = static_cast<std::uint8_t>(value);
  };
  part("boot_loader", tcb.boot_loader);
  part("tee", tcb.tee);
  part("snp", tcb.snp);
  part("microcode", tcb.microcode);
}

void read_tpm(base::YamlMap& map, MachineRule& rule, Reading& reading) {
  read_files(map, "keys", reading, [&](const std::string& pem) -> base::Status {
    rule.keys.push_back(TRY(trust::PublicKey::from_pem(pem)));
    return {};
  });
  read_indexed(map, "pcrs", 23, reading, [&](unsigned index, const base::YamlNode& node) {
    Pcr pcr{};
    if (const auto bytes = bytes_of(node, map.path() + ".pcrs", pcr.size(), pcr.size(), reading)) {
      std::copy(bytes->begin(), bytes->end(), pcr.begin());
      rule.pcrs[index] = pcr;
    }
  });
  if (rule.keys.empty())
    map.problem(map.line(), map.path() + " wants keys: the attestation keys (PEM) of these TPMs");
  if (rule.pcrs.empty())
    map.problem(map.line(),
                map.path() + " wants pcrs: without them a machine in any state is let in");
}

/// A list of 48 bytes each.
void read_digests(base::YamlMap& map, std::string_view key, std::vector<std::string>& out,
                  Reading& reading) {
  const base::YamlNode* node = map.take(key);
  if (node == nullptr) return;
  const std::string path = fmt::format("{}.{}", map.path(), key);
  if (node->kind != base::YamlNode::Kind::kSequence)
    base::yaml_wants(reading.problems, *node, path, "a list");
  for (const base::YamlNode& item : node->items)
    if (auto bytes = bytes_of(item, path, kSnpMeasurementBytes, kSnpMeasurementBytes, reading))
      out.push_back(*std::move(bytes));
}

void read_maker(base::YamlMap& map, MachineRule& rule, Reading& reading) {
  read_files(map, "roots", reading, [&](const std::string& bytes) -> base::Status {
    auto some = trust::Certificate::all_from_pem(bytes);
    if (some)
      rule.roots.insert(rule.roots.end(), some->begin(), some->end());
    else
      rule.roots.push_back(TRY(trust::Certificate::from_der(bytes)));
    return {};
  });
  if (rule.roots.empty())
    map.problem(map.line(), map.path() + " wants roots: the maker's root certificates (PEM)");
  if (rule.kind == "nvidia") {
    read_indexed(
        map, "measurements", 255, reading, [&](unsigned index, const base::YamlNode& node) {
          if (auto bytes =
                  bytes_of(node, map.path() + ".measurements", 1, kMeasurementBytesMax, reading))
            rule.indexed[index] = *std::move(bytes);
        });
  } else {
    read_digests(map, "measurements", rule.measurements, reading);
  }
  if (rule.measurements.empty() && rule.indexed.empty())
    map.problem(map.line(),
                map.path() +
                    " wants measurements: without them any machine of this maker is let "
                    "in");
  map.flag("allow_debug", rule.allow_debug);
  if (rule.kind == "tdx")
    if (const base::YamlNode* node = map.take("tcb_min"))
      if (auto bytes =
              bytes_of(*node, map.path() + ".tcb_min", kTdxTcbBytes, kTdxTcbBytes, reading))
        rule.tdx_tcb_min = *std::move(bytes);
  if (rule.kind != "snp") return;
  read_digests(map, "signers", rule.signers, reading);
  read_tcb(map, rule.tcb_min, reading);
  std::size_t vmpl = 0;
  if (map.count("vmpl_max", vmpl, 0, 3)) rule.vmpl_max = static_cast<std::uint32_t>(vmpl);
}

}  // namespace

base::Result<ReleasePolicy> load_release_policy(const std::string& path) {
  const std::string text = TRY(base::read_file(path, kPolicyBytesMax));
  Reading reading;
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos) reading.folder = path.substr(0, slash + 1);
  const base::YamlNode tree = base::parse_yaml(text, reading.problems);
  if (reading.problems.empty()) {
    base::YamlMap root(tree, "", reading.problems);
    root.each("machines", [&](const base::YamlNode& item, std::string item_path) {
      base::YamlMap map(item, std::move(item_path), reading.problems);
      MachineRule rule;
      map.need("name", "how records call these machines");
      map.text("name", rule.name);
      map.need("kind", "tpm, snp, tdx or nvidia");
      map.text("kind", rule.kind);
      if (rule.kind == "tpm")
        read_tpm(map, rule, reading);
      else if (rule.kind == "snp" || rule.kind == "tdx" || rule.kind == "nvidia")
        read_maker(map, rule, reading);
      else
        map.problem(map.line_of("kind"), fmt::format("{}.kind is '{}'; it wants tpm, snp, tdx or "
                                                     "nvidia",
                                                     map.path(), rule.kind));
      reading.policy.machines.push_back(std::move(rule));
    });
    if (reading.policy.machines.empty())
      root.problem(1, "the policy lets no machine in; name some under machines");
  }
  if (!reading.problems.empty())
    return base::Error{base::Code::kInvalidArgument, reading.problems.text(path)};
  return std::move(reading.policy);
}

}  // namespace nearside::attest
