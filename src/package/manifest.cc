#include "package/manifest.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <set>

#include "base/json.h"
#include "trust/encoding.h"
#include "trust/hash.h"

namespace nearside::package {

using base::Code;
using base::fail;
namespace json = base::json;

namespace {

constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::string_view kPredicateType = "https://model_signing/signature/v1.0";
constexpr std::string_view kDeprecatedPredicateType = "https://model_signing/Digests/v0.1";
constexpr std::size_t kPathBytesMax = 4096;

base::Error corrupt(std::string_view what) {
  return fail(Code::kCorrupt, "the signed statement is not valid: {}", what);
}

base::Result<std::string> text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().empty())
    return corrupt(fmt::format("`{}` must be a text", name));
  return std::string(value->get_string());
}

base::Result<const json::object*> object_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_object())
    return corrupt(fmt::format("`{}` must be an object", name));
  return &value->get_object();
}

base::Result<const json::array*> array_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array())
    return corrupt(fmt::format("`{}` must be a list", name));
  return &value->get_array();
}

/// The schemas close these objects: what a verifier does not know could change the meaning.
base::Status only_members(const json::object& object,
                          std::initializer_list<std::string_view> known) {
  for (const auto& member : object)
    if (std::find(known.begin(), known.end(), member.key()) == known.end())
      return corrupt(fmt::format("unknown member `{}`", std::string_view(member.key())));
  return {};
}

base::Result<trust::Sha256> parse_digest(std::string_view hex) {
  const std::string bytes = TRY(trust::from_hex(hex));
  trust::Sha256 digest{};
  if (bytes.size() != digest.size()) return corrupt("a SHA-256 digest must have 64 digits");
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

base::Result<std::uint64_t> parse_offset(std::string_view text) {
  std::uint64_t value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // One spelling each, so that a range cannot be listed twice.
  const bool canonical = text == "0" || (!text.empty() && text[0] != '0');
  if (error != std::errc() || at != text.data() + text.size() || !canonical)
    return corrupt("a shard's name must end in :begin:end");
  return value;
}

/// "path:begin:end"; the path may have colons of its own.
base::Status parse_shard_name(std::string_view name, std::uint64_t shard_bytes,
                              Resource& resource) {
  const std::size_t last = name.rfind(':');
  const std::size_t before = last == 0 || last == std::string_view::npos
                                 ? std::string_view::npos
                                 : name.rfind(':', last - 1);
  if (before == std::string_view::npos || before == 0)
    return corrupt("a shard's name must be path:begin:end");
  resource.path = std::string(name.substr(0, before));
  resource.begin = TRY(parse_offset(name.substr(before + 1, last - before - 1)));
  resource.end = TRY(parse_offset(name.substr(last + 1)));
  if (resource.begin >= resource.end || resource.end - resource.begin > shard_bytes ||
      resource.begin % shard_bytes != 0)
    return corrupt(fmt::format("the shard {} does not fit shards of {} bytes", name, shard_bytes));
  return {};
}

base::Status parse_serialization(const json::object& object, Manifest& manifest) {
  TRY(only_members(object,
                   {"method", "hash_type", "shard_size", "allow_symlinks", "ignore_paths"}));
  const std::string hash = TRY(text_member(object, "hash_type"));
  if (hash != "sha256")
    return fail(Code::kUnsupported, "the model is signed with {}; only sha256 is supported", hash);
  const std::string method = TRY(text_member(object, "method"));
  if (method != "files" && method != "shards") return corrupt("`method` must be files or shards");
  manifest.serialization = method == "files" ? Serialization::kFiles : Serialization::kShards;
  const json::value* shard_size = object.if_contains("shard_size");
  if ((shard_size != nullptr) != (manifest.serialization == Serialization::kShards))
    return corrupt("`shard_size` belongs to the method shards, and only there");
  if (shard_size != nullptr) {
    // in-toto libraries write numbers through protobuf's Struct, which makes them 1e+09.
    boost::system::error_code error;
    manifest.shard_bytes = shard_size->to_number<std::uint64_t>(error);
    if (error || manifest.shard_bytes == 0)
      return corrupt("`shard_size` must be a positive number");
  }
  const json::value* symlinks = object.if_contains("allow_symlinks");
  if (symlinks == nullptr || !symlinks->is_bool())
    return corrupt("`allow_symlinks` must be true or false");
  manifest.allow_symlinks = symlinks->get_bool();
  if (!object.contains("ignore_paths")) return {};
  manifest.ignored_paths.emplace();
  for (const json::value& path : *TRY(array_member(object, "ignore_paths"))) {
    if (!path.is_string() || path.get_string().empty())
      return corrupt("`ignore_paths` must hold texts");
    const std::string_view text = path.get_string();
    // "." would take every file out of the check.
    if (text == "." || text == "/" || text == "./")
      return corrupt("`ignore_paths` must not name the whole model");
    manifest.ignored_paths->emplace_back(text);
  }
  return {};
}

base::Status parse_resources(const json::array& list, Manifest& manifest) {
  if (list.empty()) return corrupt("it lists no file");
  if (list.size() > kResourcesMax)
    return fail(Code::kTooLarge, "the signature lists more than {} files", kResourcesMax);
  for (const json::value& item : list) {
    if (!item.is_object()) return corrupt("a resource must be an object");
    const json::object& object = item.get_object();
    const std::string algorithm = TRY(text_member(object, "algorithm"));
    if (algorithm != "sha256")
      return fail(Code::kUnsupported, "a file is hashed with {}; only sha256 is supported",
                  algorithm);
    const std::string name = TRY(text_member(object, "name"));
    const std::string digest = TRY(text_member(object, "digest"));
    Resource resource;
    resource.path = name;
    resource.digest = TRY(parse_digest(digest));
    if (manifest.serialization == Serialization::kShards)
      TRY(parse_shard_name(name, manifest.shard_bytes, resource));
    manifest.resources.push_back(std::move(resource));
  }
  return {};
}

base::Status check_no_duplicates(const Manifest& manifest) {
  std::set<std::pair<std::string_view, std::uint64_t>> seen;
  for (const Resource& resource : manifest.resources)
    if (!seen.emplace(resource.path, resource.begin).second)
      return corrupt(fmt::format("it lists {} twice", resource.path));
  return {};
}

/// Release 0.2 listed the files as subjects and had no predicate to speak of.
base::Result<Manifest> parse_deprecated(const json::object& statement) {
  Manifest manifest;
  const json::array* subjects = TRY(array_member(statement, "subject"));
  if (subjects->empty()) return corrupt("it lists no file");
  if (subjects->size() > kResourcesMax)
    return fail(Code::kTooLarge, "the signature lists more than {} files", kResourcesMax);
  for (const json::value& item : *subjects) {
    if (!item.is_object()) return corrupt("a subject must be an object");
    const json::object* digests = TRY(object_member(item.get_object(), "digest"));
    const std::string digest = TRY(text_member(*digests, "sha256"));
    Resource resource;
    resource.path = TRY(text_member(item.get_object(), "name"));
    resource.digest = TRY(parse_digest(digest));
    manifest.resources.push_back(std::move(resource));
  }
  TRY(check_no_duplicates(manifest));
  return manifest;
}

std::string resource_name(const Manifest& manifest, const Resource& resource) {
  if (manifest.serialization == Serialization::kFiles) return resource.path;
  return fmt::format("{}:{}:{}", resource.path, resource.begin, resource.end);
}

}  // namespace

const std::vector<std::string>& default_ignored_paths() {
  static const std::vector<std::string> kPaths = {".git", ".gitattributes", ".github",
                                                  ".gitignore"};
  return kPaths;
}

bool is_inside(std::string_view path) {
  if (path.empty() || path.size() > kPathBytesMax || path.find('\0') != std::string_view::npos)
    return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

trust::Sha256 root_digest(const Manifest& manifest) {
  trust::Sha256Stream stream;
  for (const Resource& resource : manifest.resources)
    stream.update(std::as_bytes(std::span(resource.digest)));
  return stream.finish();
}

std::string encode_statement(const Manifest& manifest) {
  json::array resources;
  for (const Resource& resource : manifest.resources)
    resources.push_back(json::object{{"name", resource_name(manifest, resource)},
                                     {"algorithm", "sha256"},
                                     {"digest", trust::to_hex(resource.digest)}});
  json::object serialization{
      {"method", manifest.serialization == Serialization::kFiles ? "files" : "shards"},
      {"hash_type", "sha256"},
      {"allow_symlinks", manifest.allow_symlinks}};
  if (manifest.serialization == Serialization::kShards)
    serialization["shard_size"] = manifest.shard_bytes;
  if (manifest.ignored_paths)
    serialization["ignore_paths"] = json::value_from(*manifest.ignored_paths);
  const json::object subject{
      {"name", manifest.model_name},
      {"digest", json::object{{"sha256", trust::to_hex(root_digest(manifest))}}}};
  return json::serialize(json::object{
      {"_type", kStatementType},
      {"subject", json::array{subject}},
      {"predicateType", kPredicateType},
      {"predicate", json::object{{"serialization", serialization}, {"resources", resources}}}});
}

base::Result<Manifest> parse_statement(std::string_view text) {
  const json::value document = TRY(base::parse_json(text));
  if (!document.is_object()) return corrupt("it must be an object");
  const json::object& statement = document.get_object();
  const std::string type = TRY(text_member(statement, "_type"));
  if (type != kStatementType) return corrupt(fmt::format("its type is {}", type));
  const std::string predicate_type = TRY(text_member(statement, "predicateType"));
  if (predicate_type == kDeprecatedPredicateType) return parse_deprecated(statement);
  if (predicate_type != kPredicateType)
    return fail(Code::kUnsupported, "the signed statement is a {}, not a model signature",
                predicate_type);
  TRY(only_members(statement, {"_type", "subject", "predicateType", "predicate"}));
  const json::array* subjects = TRY(array_member(statement, "subject"));
  if (subjects->size() != 1 || !subjects->front().is_object())
    return corrupt("it must have one subject");
  const json::object& subject = subjects->front().get_object();
  Manifest manifest;
  manifest.model_name = TRY(text_member(subject, "name"));
  const json::object* subject_digests = TRY(object_member(subject, "digest"));
  const std::string subject_digest = TRY(text_member(*subject_digests, "sha256"));
  const json::object* predicate = TRY(object_member(statement, "predicate"));
  TRY(only_members(*predicate, {"resources", "serialization"}));
  const json::object* serialization = TRY(object_member(*predicate, "serialization"));
  TRY(parse_serialization(*serialization, manifest));
  const json::array* resources = TRY(array_member(*predicate, "resources"));
  TRY(parse_resources(*resources, manifest));
  TRY(check_no_duplicates(manifest));
  const trust::Sha256 expected = TRY(parse_digest(subject_digest));
  if (expected != root_digest(manifest))
    return corrupt("the subject's digest is not that of the resources");
  return manifest;
}

}  // namespace nearside::package
