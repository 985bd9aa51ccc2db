#include "cli/verified_model.h"

#include <algorithm>
#include <filesystem>

#include "base/file.h"

namespace nearside::cli {

using base::Code;
using base::fail;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPemBytesMax = 1U << 20;

base::Result<package::Signer> read_signer(const gateway::SignerConfig& config) {
  package::Signer signer{config.name, std::nullopt, {}, config.subject};
  const bool by_key = !config.key_file.empty();
  const std::string pem =
      TRY(base::read_file(by_key ? config.key_file : config.roots_file, kPemBytesMax));
  if (by_key)
    signer.key = TRY(trust::PublicKey::from_pem(pem));
  else
    signer.roots = TRY(trust::Certificate::all_from_pem(pem));
  return signer;
}

}  // namespace

base::Result<std::vector<package::Signer>> read_signers(
    const std::vector<gateway::SignerConfig>& configs) {
  std::vector<package::Signer> signers;
  for (const gateway::SignerConfig& config : configs) {
    base::Result<package::Signer> signer = read_signer(config);
    if (!signer) return std::move(signer).error().with_context("signer " + config.name);
    signers.push_back(*std::move(signer));
  }
  return signers;
}

base::Result<std::string> verify_model_file(const std::string& file,
                                            const std::vector<package::Signer>& signers) {
  const bool alone = fs::exists(file + ".sig");
  const fs::path folder = fs::path(file).has_parent_path() ? fs::path(file).parent_path() : ".";
  const std::string model = alone ? file : folder.string();
  const std::string signature = alone ? file + ".sig" : (folder / "model.sig").string();
  if (!fs::exists(signature))
    return fail(Code::kPermission,
                "model {} is not signed (there is neither {}.sig nor {}), and this node loads "
                "verified packages only",
                file, file, signature);
  base::Result<package::Report> report = package::verify_model(model, signature, signers);
  if (!report) return std::move(report).error().with_context("model " + file);
  if (!report->differences.empty())
    return fail(Code::kPermission, "model {} is not what {} signed: {} {}", file,
                report->signature.signer,
                package::difference_kind_name(report->differences.front().kind),
                report->differences.front().path);
  // A file under a path that the signature leaves out would be in the folder and not be signed.
  const std::string name = alone ? "." : fs::path(file).filename().string();
  const auto& resources = report->signature.manifest.resources;
  const bool listed = std::any_of(resources.begin(), resources.end(), [&](const auto& resource) {
    return resource.path == name || resource.path == ".";
  });
  if (!listed)
    return fail(Code::kPermission, "model {} is in a signed folder and not signed itself", file);
  return report->signature.signer;
}

}  // namespace nearside::cli
