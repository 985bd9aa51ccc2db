// Sends packages to OCI registries and fetches them: the distribution protocol.
// Source: OCI Distribution Specification 1.1.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "http/client.h"

namespace nearside::package {

/// "registry.example:5000/models/plant:1.2" in its parts.
struct Reference {
  std::string host;         // with port
  std::string repository;   // "models/plant"
  std::string tag;          // or digest, "sha256:..."
  bool plain_http = false;  // only to this machine's own loopback addresses
};

/// Errors: kInvalidArgument.
base::Result<Reference> parse_reference(const std::string& text);

struct RegistryOptions {
  /// "user:password", or "" for none.
  std::string credentials{};
  std::string ca_file{};
  std::size_t piece_bytes = std::size_t{16} << 20;  // of an upload; a registry takes any
};

/// Blobs that the registry has are not sent again; the manifest comes last. Returns its digest.
/// Errors: those of read_layout; kUnavailable, kPermission, kDeadline.
base::Result<std::string> push(http::Client& client, const std::string& layout,
                               const Reference& reference, const RegistryOptions& options);

/// Fetches into a new layout. Every blob must have the size and hash that the manifest says, and
/// the manifest the digest asked for, if one was. The registry is not trusted: verify next.
/// Errors: kInvalidArgument (the layout exists), kNotFound, kCorrupt, kUnavailable, kTooLarge.
base::Result<std::string> pull(http::Client& client, const Reference& reference,
                               const std::string& layout, const RegistryOptions& options);

}  // namespace nearside::package
