#include "package/verify.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "package/digest.h"
#include "package/tree.h"

namespace nearside::package {

using base::Code;
using base::fail;

namespace {

/// What the certificate or the key hint says about who signed; empty when it is this signer.
base::Result<trust::PublicKey> key_of(const Bundle& bundle, const Signer& signer) {
  if (bundle.method == Method::kKey) {
    if (!signer.key) return fail(Code::kPermission, "signed by a key, not by a certificate");
    if (!bundle.key_hint.empty() && bundle.key_hint != key_hint(*signer.key))
      return fail(Code::kPermission, "signed by another key");
    return *signer.key;
  }
  if (signer.roots.empty()) return fail(Code::kPermission, "signed by a certificate");
  const trust::Certificate& leaf = bundle.certificates.front();
  TRY(trust::verify_chain(
      {leaf, std::span(bundle.certificates).subspan(1), signer.roots, leaf.not_before_unix_s()}));
  if (!leaf.may_sign())
    return fail(Code::kPermission, "the certificate of {} does not allow signing", leaf.subject());
  if (!signer.subject.empty() && signer.subject != leaf.subject())
    return fail(Code::kPermission, "signed by {}, not by {}", leaf.subject(), signer.subject);
  return leaf.public_key();
}

/// Releases before 1.0 of the reference tool signed other bytes, at first with SHA-256 whatever the
/// curve. Accepting them weakens nothing: each encoding holds the whole statement under a label of
/// its own.
bool holds(const std::string& payload, const std::string& signature, const trust::PublicKey& key) {
  const trust::Hash hash = trust::matching_hash(key.kind());
  const auto made_over = [&](const std::string& bytes, trust::Hash with) {
    return key.verify(bytes, signature, trust::Scheme::kEcdsa, with).has_value();
  };
  if (made_over(pre_authentication_encoding(payload), hash)) return true;
  const std::string deprecated = deprecated_encoding(payload);
  return made_over(deprecated, hash) || made_over(deprecated, trust::Hash::kSha256);
}

base::Status check_signature(const Bundle& bundle, const trust::PublicKey& key) {
  if (trust::signature_scheme(key.kind()) != trust::Scheme::kEcdsa)
    return fail(Code::kPermission, "models are signed on P-256, P-384 or P-521, not by {}",
                trust::key_kind_name(key.kind()));
  for (const std::string& signature : bundle.signatures)
    if (holds(bundle.payload, signature, key)) return {};
  return fail(Code::kPermission,
              "the signature does not hold: it or the list of files was changed");
}

std::string relative_signature_path(const std::string& model, const std::string& signature) {
  std::error_code error;
  const auto relative = std::filesystem::relative(signature, model, error);
  if (error || relative.empty() || *relative.begin() == "..") return "";
  return relative.string();
}

/// The comparison under way.
class Comparison {
 public:
  Comparison(const Tree& tree, Report& report) : tree_(tree), report_(report) {
    for (const Resource& resource : manifest().resources)
      signed_[resource.path].push_back(&resource);
  }

  base::Status run(const std::vector<Entry>& entries) {
    rename_only_file(entries);
    for (const Entry& entry : entries) TRY(look_at(entry));
    for (const auto& [path, resources] : signed_) {
      if (path != "." && !is_inside(path))
        add(DifferenceKind::kTraversal, path);
      else if (!seen_.contains(path))
        add(DifferenceKind::kMissing, path);
    }
    return {};
  }

 private:
  [[nodiscard]] const Manifest& manifest() const { return report_.signature.manifest; }

  void add(DifferenceKind kind, const std::string& path) {
    report_.differences.push_back({kind, path});
  }

  /// A signature over one file names it "."; in a folder that is the one file there.
  void rename_only_file(const std::vector<Entry>& entries) {
    if (!tree_.is_folder() || entries.size() != 1 || signed_.size() != 1) return;
    const auto only = signed_.find(".");
    if (only == signed_.end()) return;
    auto resources = std::move(only->second);
    signed_.clear();
    signed_[entries.front().path] = std::move(resources);
  }

  base::Status look_at(const Entry& entry) {
    seen_[entry.path] = true;
    const auto found = signed_.find(entry.path);
    if (entry.kind == EntryKind::kSymlink)
      add(DifferenceKind::kSymlink, entry.path);
    else if (entry.kind == EntryKind::kSpecial)
      add(DifferenceKind::kSpecial, entry.path);
    else if (found != signed_.end())
      return compare(entry, found->second);
    // Shards cannot name an empty file, so it is no part of what was signed.
    else if (manifest().serialization != Serialization::kShards || entry.size_bytes != 0 ||
             entry.kind == EntryKind::kUnnameable)
      add(DifferenceKind::kExtra, entry.path);
    return {};
  }

  base::Status compare(const Entry& entry, std::vector<const Resource*>& resources) {
    ++report_.files;
    const base::UniqueFd file = TRY(tree_.open_file(entry.path, manifest().allow_symlinks));
    bool same = true;
    if (manifest().serialization == Serialization::kFiles) {
      const trust::Sha256 digest = TRY(file_digest(file, 0, entry.size_bytes));
      same = digest == resources.front()->digest;
      report_.bytes += entry.size_bytes;
    } else {
      same = TRY(compare_shards(file, entry.size_bytes, resources));
    }
    if (!same) add(DifferenceKind::kChanged, entry.path);
    return {};
  }

  /// The shards must cover the file without a gap.
  base::Result<bool> compare_shards(const base::UniqueFd& file, std::uint64_t size_bytes,
                                    std::vector<const Resource*>& resources) {
    std::sort(resources.begin(), resources.end(),
              [](const Resource* a, const Resource* b) { return a->begin < b->begin; });
    std::uint64_t at = 0;
    for (const Resource* resource : resources) {
      if (resource->begin != at || resource->end > size_bytes) return false;
      const trust::Sha256 digest = TRY(file_digest(file, resource->begin, resource->end));
      if (digest != resource->digest) return false;
      report_.bytes += resource->end - resource->begin;
      at = resource->end;
    }
    return at == size_bytes;
  }

  const Tree& tree_;
  Report& report_;
  std::map<std::string, std::vector<const Resource*>> signed_;
  std::map<std::string, bool> seen_;
};

}  // namespace

const char* difference_kind_name(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::kMissing:
      return "missing";
    case DifferenceKind::kExtra:
      return "extra";
    case DifferenceKind::kChanged:
      return "changed";
    case DifferenceKind::kSymlink:
      return "symlink";
    case DifferenceKind::kTraversal:
      return "traversal";
    case DifferenceKind::kSpecial:
      return "special";
  }
  return "?";
}

base::Result<Signed> verify_signature(const Bundle& bundle, std::span<const Signer> signers) {
  if (bundle.method == Method::kSigstore)
    return fail(Code::kUnsupported,
                "signed through Sigstore, whose transparency log cannot be checked here; ask for a "
                "signature by key or certificate");
  std::string reasons;
  for (const Signer& signer : signers) {
    const base::Result<trust::PublicKey> key = key_of(bundle, signer);
    const base::Status status = key ? check_signature(bundle, *key) : base::Status(key.error());
    if (status) {
      Signed result;
      result.signer = signer.name;
      result.method = bundle.method;
      if (!bundle.certificates.empty()) result.subject = bundle.certificates.front().subject();
      result.manifest = TRY(parse_statement(bundle.payload));
      return result;
    }
    reasons +=
        fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", signer.name, status.error().message);
  }
  return fail(Code::kPermission, "not signed by anyone who is trusted ({})",
              reasons.empty() ? "nobody is" : reasons);
}

base::Result<Report> compare_model(const std::string& path, const std::string& signature_path,
                                   Signed signature) {
  Report report;
  report.signature = std::move(signature);
  const Manifest& manifest = report.signature.manifest;
  ListOptions options;
  options.ignored_paths = manifest.ignored_paths.value_or(default_ignored_paths());
  options.follow_symlinks = manifest.allow_symlinks;
  if (!signature_path.empty()) options.ignored_paths.push_back(signature_path);
  const Tree tree = TRY(Tree::open(path));
  const std::vector<Entry> entries = TRY(tree.list(options));
  TRY(Comparison(tree, report).run(entries));
  return report;
}

base::Result<Report> verify_model(const std::string& path, const std::string& signature_file,
                                  std::span<const Signer> signers) {
  const std::string text = TRY(base::read_file(signature_file, kBundleBytesMax));
  const Bundle bundle = TRY(parse_bundle(text));
  Signed signature = TRY(verify_signature(bundle, signers));
  return compare_model(path, relative_signature_path(path, signature_file), std::move(signature));
}

}  // namespace nearside::package
