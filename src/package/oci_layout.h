// A package: a model's folder as an OCI image layout in the CNCF ModelPack format.
//
// Any OCI registry carries it, and tools like skopeo copy it. Each file is a layer of its own, as
// it is: no archive, so that nothing needs to be unpacked by a parser. Source: OCI Image
// Specification 1.1 (image-layout, manifest, descriptor); CNCF model-spec v1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nearside::package {

/// Something addressed by its hash.
struct Descriptor {
  std::string media_type;
  std::string digest;  // "sha256:" and 64 digits
  std::uint64_t size_bytes = 0;
  std::string path;  // layers only: of the file in the model's folder
};

struct PackageManifest {
  Descriptor config;
  std::vector<Descriptor> layers;
};

struct PackOptions {
  std::string name;     // of the model
  std::string version;  // of the release: the tag
};

inline constexpr std::size_t kManifestBytesMax = 4U << 20;

/// Writes `folder` as a layout into `layout`, which must not exist. Returns the manifest's digest.
/// Errors: kInvalidArgument (the layout exists; a link, pipe or device; a file of an executable or
/// unknown format: named with the reason; a name or version that is no tag), kIo, kTooLarge.
base::Result<std::string> pack(const std::string& folder, const std::string& layout,
                               const PackOptions& options);

/// Writes the files of the layout's manifest into `folder`, which must not exist or be empty. Every
/// blob is checked against its digest, every path kept inside. Nothing is trusted by that: verify
/// the signature next. Errors: kCorrupt, kInvalidArgument (the folder is not empty), kIo,
/// kTooLarge.
base::Status unpack(const std::string& layout, const std::string& folder);

/// Errors: kCorrupt (breaks the specification; a path that leads outside; a path twice; a digest
/// other than SHA-256), kUnsupported (not a model), kTooLarge.
base::Result<PackageManifest> parse_package_manifest(std::string_view json);

/// The layout's manifest and its bytes. Errors: kCorrupt (no index; not exactly one manifest; bytes
/// that do not hash to the digest).
struct LayoutManifest {
  std::string bytes;
  std::string digest;
  PackageManifest manifest;
};
base::Result<LayoutManifest> read_layout(const std::string& layout);

/// "LAYOUT/blobs/sha256/HEX". REQUIRES: a digest that parse_package_manifest let through.
std::string blob_path(const std::string& layout, const std::string& digest);

/// Starts an empty layout. Errors: kInvalidArgument (it exists), kIo.
base::Status create_layout(const std::string& layout);
/// Adds the manifest (its blobs are there) and the index that names it. Errors: kIo.
base::Status finish_layout(const std::string& layout, std::string_view manifest,
                           const std::string& version);

}  // namespace nearside::package
