// `packages`: whose signed models this node takes, and whether it takes others.
#include "gateway/config_reader.h"

namespace nearside::gateway {

namespace {

void read_signer(const base::YamlNode& item, std::string path, Draft& draft) {
  base::YamlMap map(item, path, draft.problems);
  SignerConfig signer;
  read_name(map, "who signs, for the log", signer.name);
  if (map.text("key_file", signer.key_file)) signer.key_file = resolve_path(draft, signer.key_file);
  if (map.text("roots_file", signer.roots_file))
    signer.roots_file = resolve_path(draft, signer.roots_file);
  map.text("subject", signer.subject);
  if (signer.key_file.empty() == signer.roots_file.empty())
    draft.problem(item.line, fmt::format("{} wants either key_file or roots_file", path));
  if (!signer.roots_file.empty() && signer.subject.empty())
    draft.problem(item.line,
                  fmt::format("{} wants a subject with roots_file; without one, everybody whom "
                              "the authority ever certified could sign models",
                              path));
  if (!signer.key_file.empty() && !signer.subject.empty())
    draft.problem(item.line, fmt::format("{} has a subject, which belongs to roots_file", path));
  draft.config.packages.signers.push_back(std::move(signer));
}

}  // namespace

void read_packages(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("packages");
  if (node == nullptr) return;
  base::YamlMap map(*node, "packages", draft.problems);
  PackagesConfig& packages = draft.config.packages;
  map.flag("verified_only", packages.verified_only);
  map.each("signers", [&](const base::YamlNode& item, std::string path) {
    read_signer(item, std::move(path), draft);
  });
  if (packages.verified_only && packages.signers.empty())
    draft.problem(map.line(),
                  "packages.verified_only without packages.signers would load nothing; name who "
                  "may sign");
  if (!packages.verified_only && !packages.signers.empty())
    draft.problem(map.line_of("signers"),
                  "packages.signers does nothing unless packages.verified_only is true");
}

}  // namespace nearside::gateway
