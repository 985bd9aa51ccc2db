#include "package/oci_layout.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "package/content_kind.h"
#include "package/digest.h"
#include "package/manifest.h"
#include "package/tree.h"
#include "trust/encoding.h"
#include "trust/hash.h"

namespace nearside::package {

using base::Code;
using base::fail;
using base::UniqueFd;
namespace fs = std::filesystem;
namespace json = base::json;

namespace {

constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kArtifactType = "application/vnd.cncf.model.manifest.v1+json";
constexpr std::string_view kConfigType = "application/vnd.cncf.model.config.v1+json";
constexpr std::string_view kPathAnnotation = "org.cncf.model.filepath";
constexpr std::string_view kOldPathAnnotation = "org.cnai.model.filepath";
constexpr std::string_view kLayout = R"({"imageLayoutVersion":"1.0.0"})";
constexpr std::size_t kLayersMax = 10'000;

const char* media_type_of(ContentKind kind) {
  if (kind == ContentKind::kWeights) return "application/vnd.cncf.model.weight.v1.raw";
  if (kind == ContentKind::kJson) return "application/vnd.cncf.model.weight.config.v1.raw";
  return "application/vnd.cncf.model.doc.v1.raw";
}

std::string digest_text(const trust::Sha256& digest) { return "sha256:" + trust::to_hex(digest); }

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && text[0] != '.' && text[0] != '-' &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
             std::string_view::npos;
}

/// Copies [0, size) and returns the hash of what was copied: what is written is what is named.
base::Result<trust::Sha256> copy(const UniqueFd& from, std::uint64_t size_bytes,
                                 const std::string& to) {
  const UniqueFd out(
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!out.valid()) return fail(Code::kIo, "cannot create {}: {}", to, std::strerror(errno));
  trust::Sha256Stream stream;
  std::vector<std::byte> piece(1U << 20);
  for (std::uint64_t at = 0; at < size_bytes;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size_bytes - at));
    const ssize_t got = ::pread(from.get(), piece.data(), wanted, static_cast<off_t>(at));
    if (got <= 0) return fail(Code::kIo, "cannot read for {}: {}", to, std::strerror(errno));
    const auto bytes = std::span(piece).first(static_cast<std::size_t>(got));
    stream.update(bytes);
    if (::write(out.get(), bytes.data(), bytes.size()) != got)
      return fail(Code::kIo, "cannot write {}: {}", to, std::strerror(errno));
    at += static_cast<std::uint64_t>(got);
  }
  return stream.finish();
}

base::Result<Descriptor> add_file(const Tree& tree, const Entry& entry, const std::string& layout) {
  if (entry.kind != EntryKind::kFile)
    return fail(Code::kInvalidArgument, "{} is a link, pipe, device or not named in UTF-8",
                entry.path);
  const UniqueFd file = TRY(tree.open_file(entry.path, false));
  const Content content = TRY(content_of_file(file));
  if (content.kind == ContentKind::kExecutable || content.kind == ContentKind::kUnknown)
    return fail(Code::kInvalidArgument, "{} is {}; it is not packed", entry.path, content.what);
  const std::string part = layout + "/blobs/part";
  const trust::Sha256 digest = TRY(copy(file, entry.size_bytes, part));
  Descriptor descriptor{media_type_of(content.kind), digest_text(digest), entry.size_bytes,
                        entry.path};
  if (std::rename(part.c_str(), blob_path(layout, descriptor.digest).c_str()) != 0)
    return fail(Code::kIo, "cannot name a blob: {}", std::strerror(errno));
  return descriptor;
}

json::object describe(const Descriptor& descriptor) {
  json::object object{{"mediaType", descriptor.media_type},
                      {"digest", descriptor.digest},
                      {"size", descriptor.size_bytes}};
  if (!descriptor.path.empty())
    object["annotations"] = json::object{{kPathAnnotation, descriptor.path}};
  return object;
}

std::string config_json(const PackOptions& options, const std::vector<Descriptor>& layers) {
  json::array digests;
  for (const Descriptor& layer : layers) digests.push_back(json::value(layer.digest));
  const base::SystemClock clock;
  return json::serialize(
      json::object{{"descriptor", json::object{{"createdAt", base::format_rfc3339(clock.wall())},
                                               {"name", options.name},
                                               {"version", options.version}}},
                   {"config", json::object{{"format", "gguf"}}},
                   {"modelfs", json::object{{"type", "layers"}, {"diffIds", digests}}}});
}

base::Result<Descriptor> add_bytes(const std::string& layout, std::string_view bytes,
                                   std::string_view media_type) {
  Descriptor descriptor{std::string(media_type), digest_text(trust::sha256(bytes)), bytes.size(),
                        ""};
  TRY(base::write_file_atomic(blob_path(layout, descriptor.digest), bytes));
  return descriptor;
}

base::Error corrupt(std::string_view what) {
  return fail(Code::kCorrupt, "the package's manifest is not valid: {}", what);
}

base::Result<Descriptor> parse_descriptor(const json::value& value) {
  if (!value.is_object()) return corrupt("a descriptor must be an object");
  const json::object& object = value.get_object();
  const json::value* type = object.if_contains("mediaType");
  const json::value* digest = object.if_contains("digest");
  const json::value* size = object.if_contains("size");
  if (type == nullptr || !type->is_string() || digest == nullptr || !digest->is_string() ||
      size == nullptr)
    return corrupt("a descriptor must have mediaType, digest and size");
  boost::system::error_code error;
  Descriptor descriptor;
  descriptor.media_type = type->get_string();
  descriptor.digest = digest->get_string();
  descriptor.size_bytes = size->to_number<std::uint64_t>(error);
  // The digest becomes a path.
  constexpr std::string_view kPrefix = "sha256:";
  const std::string_view hex = std::string_view(descriptor.digest)
                                   .substr(std::min(kPrefix.size(), descriptor.digest.size()));
  if (error || !descriptor.digest.starts_with(kPrefix) || hex.size() != 64 ||
      hex.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return corrupt("a digest must be sha256: and 64 digits");
  const json::value* annotations = object.if_contains("annotations");
  if (annotations != nullptr && annotations->is_object())
    for (const std::string_view name : {kOldPathAnnotation, kPathAnnotation})
      if (const json::value* path = annotations->get_object().if_contains(name);
          path != nullptr && path->is_string())
        descriptor.path = path->get_string();
  return descriptor;
}

base::Status write_layer(const std::string& layout, const Descriptor& layer,
                         const std::string& folder) {
  const UniqueFd blob(::open(blob_path(layout, layer.digest).c_str(),
                             O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!blob.valid() || ::fstat(blob.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return fail(Code::kCorrupt, "the package lacks the blob of {}", layer.path);
  if (static_cast<std::uint64_t>(info.st_size) != layer.size_bytes)
    return fail(Code::kCorrupt, "{} has another size than the manifest says", layer.path);
  const Content content = TRY(content_of_file(blob));
  if (content.kind == ContentKind::kExecutable || content.kind == ContentKind::kUnknown)
    return fail(Code::kCorrupt, "{} is {}; it is not unpacked", layer.path, content.what);
  const fs::path target = fs::path(folder) / layer.path;
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  const trust::Sha256 digest = TRY(copy(blob, layer.size_bytes, target.string()));
  if (digest_text(digest) != layer.digest) {
    fs::remove(target, error);
    return fail(Code::kCorrupt, "{} does not hash to its digest", layer.path);
  }
  return {};
}

}  // namespace

std::string blob_path(const std::string& layout, const std::string& digest) {
  return layout + "/blobs/sha256/" + digest.substr(7);
}

base::Status create_layout(const std::string& layout) {
  std::error_code error;
  if (fs::exists(layout, error))
    return fail(Code::kInvalidArgument, "{} exists; choose another name or remove it", layout);
  if (!fs::create_directories(layout + "/blobs/sha256", error))
    return fail(Code::kIo, "cannot create {}: {}", layout, error.message());
  return base::write_file_atomic(layout + "/oci-layout", kLayout);
}

base::Status finish_layout(const std::string& layout, std::string_view manifest,
                           const std::string& version) {
  Descriptor descriptor = TRY(add_bytes(layout, manifest, kManifestType));
  json::object entry = describe(descriptor);
  entry["artifactType"] = kArtifactType;
  entry["annotations"] = json::object{{"org.opencontainers.image.ref.name", version}};
  return base::write_file_atomic(
      layout + "/index.json",
      json::serialize(json::object{{"schemaVersion", 2},
                                   {"mediaType", "application/vnd.oci.image.index.v1+json"},
                                   {"manifests", json::array{entry}}}));
}

base::Result<std::string> pack(const std::string& folder, const std::string& layout,
                               const PackOptions& options) {
  if (!is_tag(options.version) || options.name.empty())
    return fail(Code::kInvalidArgument,
                "a package needs a name, and a version of letters, digits, '.', '_' and '-'");
  const Tree tree = TRY(Tree::open(folder));
  if (!tree.is_folder()) return fail(Code::kInvalidArgument, "{} is not a folder", folder);
  const std::vector<Entry> entries = TRY(tree.list({default_ignored_paths(), false}));
  if (entries.empty()) return fail(Code::kInvalidArgument, "{} is empty", folder);
  TRY(create_layout(layout));
  std::vector<Descriptor> layers;
  json::array layer_list;
  for (const Entry& entry : entries) {
    layers.push_back(TRY(add_file(tree, entry, layout)));
    layer_list.push_back(describe(layers.back()));
  }
  const Descriptor config = TRY(add_bytes(layout, config_json(options, layers), kConfigType));
  const std::string manifest = json::serialize(json::object{{"schemaVersion", 2},
                                                            {"mediaType", kManifestType},
                                                            {"artifactType", kArtifactType},
                                                            {"config", describe(config)},
                                                            {"layers", layer_list}});
  TRY(finish_layout(layout, manifest, options.version));
  return digest_text(trust::sha256(manifest));
}

base::Result<PackageManifest> parse_package_manifest(std::string_view text) {
  if (text.size() > kManifestBytesMax)
    return fail(Code::kTooLarge, "the package's manifest is larger than {} bytes",
                kManifestBytesMax);
  const json::value document = TRY(base::parse_json(text, 16));
  if (!document.is_object()) return corrupt("it must be an object");
  const json::object& object = document.get_object();
  const json::value* config = object.if_contains("config");
  const json::value* layers = object.if_contains("layers");
  if (config == nullptr || layers == nullptr || !layers->is_array() ||
      layers->get_array().empty() || layers->get_array().size() > kLayersMax)
    return corrupt(fmt::format("it must have config and 1 to {} layers", kLayersMax));
  PackageManifest manifest;
  manifest.config = TRY(parse_descriptor(*config));
  if (manifest.config.media_type != kConfigType)
    return fail(Code::kUnsupported, "the package is a {}, not a model", manifest.config.media_type);
  std::set<std::string> paths;
  for (const json::value& item : layers->get_array()) {
    Descriptor layer = TRY(parse_descriptor(item));
    if (!layer.media_type.ends_with(".raw"))
      return fail(Code::kUnsupported, "a layer is a {}; only files as they are can be taken",
                  layer.media_type);
    if (!is_inside(layer.path))
      return corrupt(fmt::format("the path '{}' leads outside the model", layer.path));
    if (!paths.insert(layer.path).second) return corrupt(fmt::format("{} comes twice", layer.path));
    manifest.layers.push_back(std::move(layer));
  }
  return manifest;
}

base::Result<LayoutManifest> read_layout(const std::string& layout) {
  const std::string text = TRY(base::read_file(layout + "/index.json", kManifestBytesMax));
  const json::value document = TRY(base::parse_json(text, 16));
  const json::value* manifests =
      document.is_object() ? document.get_object().if_contains("manifests") : nullptr;
  if (manifests == nullptr || !manifests->is_array() || manifests->get_array().size() != 1)
    return corrupt("the layout's index must name one manifest");
  const Descriptor descriptor = TRY(parse_descriptor(manifests->get_array().front()));
  LayoutManifest result;
  result.digest = descriptor.digest;
  result.bytes = TRY(base::read_file(blob_path(layout, descriptor.digest), kManifestBytesMax));
  if (digest_text(trust::sha256(result.bytes)) != descriptor.digest)
    return corrupt("it does not hash to the digest in the index");
  result.manifest = TRY(parse_package_manifest(result.bytes));
  return result;
}

base::Status unpack(const std::string& layout, const std::string& folder) {
  const LayoutManifest read = TRY(read_layout(layout));
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error))
    return fail(Code::kInvalidArgument, "{} is not empty", folder);
  fs::create_directories(folder, error);
  for (const Descriptor& layer : read.manifest.layers) TRY(write_layer(layout, layer, folder));
  return {};
}

}  // namespace nearside::package
