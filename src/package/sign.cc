#include "package/sign.h"

#include <algorithm>
#include <filesystem>

#include "package/bundle.h"
#include "package/digest.h"
#include "package/tree.h"

namespace nearside::package {

using base::Code;
using base::fail;

namespace {

std::string model_name(const std::string& path) {
  std::filesystem::path absolute = std::filesystem::absolute(path).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();  // "models/plant/"
  const std::string name = absolute.filename().string();
  return name.empty() || name == "/" ? "model" : name;
}

base::Status refuse_unsignable(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::kFile:
      return {};
    case EntryKind::kSymlink:
      return fail(Code::kInvalidArgument,
                  "{} is a link: replace it by the file, leave it out with --ignore, or follow "
                  "links inside the folder with --allow-symlinks",
                  entry.path);
    case EntryKind::kSpecial:
      return fail(Code::kInvalidArgument, "{} is a pipe, socket or device; remove it", entry.path);
    case EntryKind::kUnnameable:
      return fail(Code::kInvalidArgument, "a file's name is not UTF-8; rename it");
  }
  return {};
}

base::Status add_resources(const Tree& tree, const Entry& entry, Manifest& manifest) {
  const base::UniqueFd file = TRY(tree.open_file(entry.path, manifest.allow_symlinks));
  if (manifest.serialization == Serialization::kFiles) {
    const trust::Sha256 digest = TRY(file_digest(file, 0, entry.size_bytes));
    manifest.resources.push_back({entry.path, 0, 0, digest});
    return {};
  }
  for (std::uint64_t begin = 0; begin < entry.size_bytes;) {
    const std::uint64_t end = begin + std::min(manifest.shard_bytes, entry.size_bytes - begin);
    const trust::Sha256 digest = TRY(file_digest(file, begin, end));
    manifest.resources.push_back({entry.path, begin, end, digest});
    begin = end;
  }
  return {};
}

}  // namespace

base::Result<Manifest> describe_model(const std::string& path, const SignOptions& options) {
  Manifest manifest;
  manifest.model_name = model_name(path);
  manifest.serialization = options.serialization;
  if (options.serialization == Serialization::kShards) manifest.shard_bytes = options.shard_bytes;
  manifest.allow_symlinks = options.allow_symlinks;
  manifest.ignored_paths = default_ignored_paths();
  manifest.ignored_paths->insert(manifest.ignored_paths->end(), options.ignored_paths.begin(),
                                 options.ignored_paths.end());
  const Tree tree = TRY(Tree::open(path));
  const std::vector<Entry> entries =
      TRY(tree.list({*manifest.ignored_paths, options.allow_symlinks}));
  for (const Entry& entry : entries) {
    TRY(refuse_unsignable(entry));
    TRY(add_resources(tree, entry, manifest));
  }
  if (manifest.resources.empty())
    return fail(Code::kInvalidArgument, "{} holds nothing to sign", path);
  if (manifest.resources.size() > kResourcesMax)
    return fail(Code::kTooLarge, "more than {} files and shards; choose larger shards",
                kResourcesMax);
  return manifest;
}

base::Result<std::string> sign_manifest(const Manifest& manifest, const trust::PrivateKey& key,
                                        const std::vector<trust::Certificate>& certificates) {
  if (trust::signature_scheme(key.public_key().kind()) != trust::Scheme::kEcdsa)
    return fail(Code::kInvalidArgument,
                "models are signed with keys on P-256, P-384 or P-521; this is {}",
                trust::key_kind_name(key.public_key().kind()));
  Bundle bundle;
  bundle.payload = encode_statement(manifest);
  bundle.signatures = {key.sign(pre_authentication_encoding(bundle.payload))};
  if (certificates.empty()) {
    bundle.key_hint = key_hint(key.public_key());
    return encode_bundle(bundle);
  }
  const trust::PublicKey certified = TRY(certificates.front().public_key());
  if (!certified.same_as(key.public_key()))
    return fail(Code::kInvalidArgument, "the certificate of {} is not for this key",
                certificates.front().subject());
  if (!certificates.front().may_sign())
    return fail(Code::kInvalidArgument, "the certificate of {} does not allow signing",
                certificates.front().subject());
  bundle.method = Method::kCertificate;
  bundle.certificates = certificates;
  return encode_bundle(bundle);
}

}  // namespace nearside::package
