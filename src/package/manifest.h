// What a model signature is over: the in-toto statement of OpenSSF Model Signing 1.0.
// Source: github.com/ossf/model-signing-spec, spec/v1.0 and its JSON schemas.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/sha256.h"

namespace nearside::package {

enum class Serialization { kFiles, kShards };

/// A file, or a shard of one: bytes [begin, end). A file's range is not written down, and empty
/// here.
struct Resource {
  std::string path;  // relative to the model, with slashes; "." when the model is one file
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  trust::Sha256 digest{};
};

struct Manifest {
  std::string model_name;  // informative
  Serialization serialization = Serialization::kFiles;
  std::uint64_t shard_bytes = 0;  // kShards only
  bool allow_symlinks = false;
  /// Not part of the model, with all below them. Empty optional: the signature says nothing, and
  /// default_ignored_paths() apply.
  std::optional<std::vector<std::string>> ignored_paths;
  std::vector<Resource> resources;
};

inline constexpr std::uint64_t kShardBytesDefault = 1'000'000'000;
inline constexpr std::size_t kResourcesMax = 100'000;

/// What version control leaves in a model's folder.
const std::vector<std::string>& default_ignored_paths();

/// A relative path that stays inside the folder: no empty, "." or ".." part, no leading slash, no
/// NUL, at most 4096 bytes.
bool is_inside(std::string_view path);

/// SHA-256 over the resources' digests in order: names the model in other documents.
trust::Sha256 root_digest(const Manifest& manifest);

std::string encode_statement(const Manifest& manifest);

/// Paths are taken as they are: verification reports those that lead outside. The deprecated
/// predicate of release 0.2 is read too.
/// Errors: kCorrupt (breaks the format, no resources, a path twice, shards that overlap, the root
/// digest does not fit), kUnsupported (another predicate, a hash other than SHA-256), kTooLarge.
base::Result<Manifest> parse_statement(std::string_view json);

}  // namespace nearside::package
