// Signs a model: its folder's files, or one file.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "package/manifest.h"
#include "trust/certificate.h"
#include "trust/private_key.h"

namespace nearside::package {

struct SignOptions {
  Serialization serialization = Serialization::kFiles;
  std::uint64_t shard_bytes = kShardBytesDefault;  // kShards only
  bool allow_symlinks = false;
  /// Besides default_ignored_paths() and the signature itself.
  std::vector<std::string> ignored_paths{};
  /// Leaf first; empty: sign by key.
  std::vector<trust::Certificate> certificates{};
};

/// Hashes what is at `path`. Files named in `options.ignored_paths` stay out.
/// Errors: kInvalidArgument (nothing to sign; a link that may not be followed, a pipe or device, a
/// name that is not UTF-8: each named), kIo, kNotFound, kTooLarge.
base::Result<Manifest> describe_model(const std::string& path, const SignOptions& options);

/// The signature file's content. Errors: kInvalidArgument (the key is not on P-256, P-384 or P-521,
/// is not the certificate's, or the certificate may not sign).
base::Result<std::string> sign_manifest(const Manifest& manifest, const trust::PrivateKey& key,
                                        const std::vector<trust::Certificate>& certificates);

}  // namespace nearside::package
