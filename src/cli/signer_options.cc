#include "cli/signer_options.h"

#include "base/file.h"

namespace nearside::cli {

namespace {

constexpr std::size_t kPemBytesMax = 1U << 20;

base::Result<package::Signer> read_key(const std::string& file) {
  const std::string pem = TRY(base::read_file(file, kPemBytesMax));
  base::Result<trust::PublicKey> key = trust::PublicKey::from_pem(pem);
  if (!key) return std::move(key).error().with_context(file);
  return package::Signer{file, *std::move(key), {}, ""};
}

}  // namespace

void declare_signer_options(App& command, SignerOptions& options) {
  command.add_option("--key", options.key_files, "public key (PEM) whose signature is wanted");
  command.add_option("--root", options.root_files,
                     "certificates (PEM) of authorities whose signers are wanted");
  command.add_option("--subject", options.subject,
                     "with --root: the signer's name, as in \"CN=plant models,O=Example\"");
}

base::Result<std::vector<package::Signer>> read_signers(const SignerOptions& options) {
  std::vector<package::Signer> signers;
  for (const std::string& file : options.key_files) signers.push_back(TRY(read_key(file)));
  package::Signer authorities{"authorities", std::nullopt, {}, options.subject};
  for (const std::string& file : options.root_files) {
    const std::string pem = TRY(base::read_file(file, kPemBytesMax));
    auto roots = trust::Certificate::all_from_pem(pem);
    if (!roots) return std::move(roots).error().with_context(file);
    authorities.roots.insert(authorities.roots.end(), roots->begin(), roots->end());
  }
  if (!authorities.roots.empty()) signers.push_back(std::move(authorities));
  if (signers.empty())
    return base::fail(base::Code::kInvalidArgument,
                      "say whose signature is wanted: --key FILE or --root FILE");
  return signers;
}

}  // namespace nearside::cli
