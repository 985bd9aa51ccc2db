#include "cli/confinement.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <variant>

#include <fmt/format.h>

namespace nearside::cli {

using base::Code;
using base::fail;
namespace fs = std::filesystem;

namespace {

/// What resolving names, checking certificates and counting processors need.
constexpr std::array kOfTheSystem = {"/etc",
                                     "/usr",
                                     "/lib",
                                     "/lib64",
                                     "/run/systemd/resolve",
                                     "/run/NetworkManager",
                                     "/run/resolvconf",
                                     "/dev/null",
                                     "/dev/urandom",
                                     "/proc/self",
                                     "/proc/cpuinfo",
                                     "/proc/meminfo",
                                     "/sys/devices/system/cpu"};

constexpr std::string_view kDeviceTcti = "device:";

/// Absolute, links followed as far as the path exists.
fs::path real(const std::string& path) {
  std::error_code ignored;
  const fs::path absolute = fs::absolute(path, ignored);
  fs::path resolved = fs::weakly_canonical(absolute, ignored);
  return resolved.empty() ? absolute.lexically_normal() : resolved;
}

/// Whether `path` is `folder` or lies in it.
bool within(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

using Paths = std::set<fs::path>;

void add(Paths& paths, const std::string& file) {
  if (!file.empty()) paths.insert(real(file));
}

/// What opens sealed models.
Paths secrets_of(const gateway::Config& config) {
  Paths secrets;
  for (const gateway::ModelConfig& model : config.models) {
    add(secrets, model.sealed.key_file);
    if (model.sealed.tpm.starts_with(kDeviceTcti))
      add(secrets, model.sealed.tpm.substr(kDeviceTcti.size()));
  }
  return secrets;
}

/// What the gateway reads at its start or at a reload, by itself or for a worker.
Paths read_by(const gateway::Config& config) {
  Paths files;
  for (const std::string* file :
       {&config.file, &config.shadow_file, &config.quality.model, &config.quality.learned,
        &config.feedback.file, &config.audit.key_file, &config.quota_store.password_file})
    add(files, *file);
  if (config.tls)
    for (const std::string* file :
         {&config.tls->certificate_file, &config.tls->key_file, &config.tls->client_ca_file})
      add(files, *file);
  for (const gateway::ModelConfig& model : config.models) {
    add(files, model.file);
    add(files, model.draft_file);
    for (const gateway::AdapterConfig& adapter : model.adapters) add(files, adapter.file);
  }
  for (const gateway::TemplateConfig& one : config.templates)
    for (const std::string* file : {&one.file, &one.sealed.envelope, &one.sealed.key_file})
      add(files, *file);
  for (const gateway::SignerConfig& signer : config.packages.signers) {
    add(files, signer.key_file);
    add(files, signer.roots_file);
  }
  for (const gateway::PriceBookConfig& book : config.price_books) add(files, book.file);
  for (const auto& reach : config.reach)
    if (const auto* upstream = std::get_if<gateway::UpstreamConfig>(&reach))
      for (const std::string* file : {&upstream->key_file, &upstream->ca_file,
                                      &upstream->certificate_file, &upstream->certificate_key_file})
        add(files, *file);
  return files;
}

/// Folders, because a database makes files beside itself.
Paths written_by(const gateway::Config& config) {
  Paths folders;
  for (const std::string* file :
       {&config.ledger.file, &config.audit.file, &config.quality.learned, &config.feedback.file})
    if (!file->empty()) folders.insert(real(*file).parent_path());
  return folders;
}

/// The path with all that is in it, but for the secrets. Where a folder holds one, the others in it
/// are named singly: one that comes later, or takes the place of another, is not among them.
void leave_readable(const fs::path& path, const Paths& secrets, trust::LandlockRules& rules) {
  if (secrets.contains(path)) return;
  const bool holds_one = std::any_of(secrets.begin(), secrets.end(),
                                     [&](const fs::path& secret) { return within(secret, path); });
  if (!holds_one) {
    rules.read.push_back(path.string());
    return;
  }
  rules.list.push_back(path.string());
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error))
    // A link's target has its own place.
    if (!entry.is_symlink(error)) leave_readable(entry.path(), secrets, rules);
}

std::string contradictions(const gateway::Config& config, const Paths& secrets,
                           const Paths& written) {
  std::string problems;
  for (const gateway::ModelConfig& model : config.models)
    if (!model.sealed.tpm.empty() && !model.sealed.tpm.starts_with(kDeviceTcti))
      problems += fmt::format(
          "model {}: its TPM is reached through {}, which cannot be closed to the gateway; only "
          "device: can\n",
          model.name, model.sealed.tpm);
  for (const gateway::TemplateConfig& one : config.templates) {
    if (!one.sealed.tpm.empty())
      problems += fmt::format(
          "template {}: the gateway opens templates, so its TPM would open models to it too; seal "
          "the template by a key file\n",
          one.name);
    if (!one.sealed.key_file.empty() && secrets.contains(real(one.sealed.key_file)))
      problems += fmt::format(
          "template {}: the gateway opens templates, and {} opens models too; give the template a "
          "key file of its own\n",
          one.name, one.sealed.key_file);
  }
  Paths believed = read_by(config);
  believed.insert(secrets.begin(), secrets.end());
  for (const gateway::ModelConfig& model : config.models) add(believed, model.sealed.envelope);
  // These two the node writes itself.
  for (const std::string* own : {&config.quality.learned, &config.feedback.file})
    if (!own->empty()) believed.erase(real(*own));
  for (const fs::path& folder : written)
    for (const fs::path& file : believed)
      if (within(file, folder))
        problems += fmt::format(
            "{} is in {}, where the node writes; keep ledger, audit log, feedback and learned "
            "quality in a folder of their own\n",
            file.string(), folder.string());
  return problems;
}

}  // namespace

base::Result<Confinement> plan_confinement(const gateway::Config& config) {
  const Paths secrets = secrets_of(config);
  const Paths written = written_by(config);
  std::string problems = contradictions(config, secrets, written);
  if (!problems.empty()) {
    problems.pop_back();
    return fail(Code::kInvalidArgument, "this node cannot be confined:\n{}", problems);
  }
  Confinement confinement;
  for (const fs::path& secret : secrets) confinement.secrets.push_back(secret.string());
  Paths folders(kOfTheSystem.begin(), kOfTheSystem.end());
  for (const fs::path& file : read_by(config)) folders.insert(file.parent_path());
  for (const fs::path& path : folders) leave_readable(path, secrets, confinement.rules);
  for (const fs::path& path : written) confinement.rules.write.push_back(path.string());
  return confinement;
}

base::Status still_confined(const Confinement& confinement, const gateway::Config& config) {
  for (const fs::path& secret : secrets_of(config))
    if (std::find(confinement.secrets.begin(), confinement.secrets.end(), secret.string()) ==
        confinement.secrets.end())
      return fail(Code::kPermission,
                  "{} opens a model, and this node was not kept from it when it was confined; "
                  "restart the node",
                  secret.string());
  return {};
}

}  // namespace nearside::cli
