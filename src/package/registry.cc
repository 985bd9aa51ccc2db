#include "package/registry.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/unique_fd.h"
#include "package/oci_layout.h"
#include "trust/encoding.h"
#include "trust/hash.h"

namespace nearside::package {

using base::Code;
using base::fail;
using base::UniqueFd;

namespace {

constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";

struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;
};

/// One registry, one repository.
class Session {
 public:
  Session(http::Client& client, const Reference& reference, const RegistryOptions& options)
      : client_(client), reference_(reference), options_(options) {}

  [[nodiscard]] std::string path(const std::string& rest) const {
    return base_url() + "/v2/" + reference_.repository + rest;
  }

  /// Where an upload goes on; registries answer with a path or a whole address. Another host is
  /// refused: credentials would go there.
  [[nodiscard]] base::Result<std::string> absolute(std::string_view location) const {
    if (location.starts_with('/')) return base_url() + std::string(location);
    if (location.starts_with(base_url() + "/")) return std::string(location);
    return fail(Code::kPermission, "the registry sends us elsewhere ({}); that is not followed",
                location);
  }

  /// Waits for the whole reply.
  base::Result<Answer> send(http::ClientRequest request) {
    Answer answer;
    TRY(exchange(std::move(request), answer, [&answer](std::string_view bytes) {
      answer.body.append(bytes);
      return true;
    }));
    return answer;
  }

  /// As send, with the body handed on in pieces; `take` says whether to go on.
  base::Status exchange(http::ClientRequest request, Answer& answer,
                        const std::function<bool(std::string_view)>& take) {
    if (!options_.credentials.empty())
      request.headers.push_back(
          {"authorization", "Basic " + base::base64_encode(options_.credentials)});
    request.tls.ca_file = options_.ca_file;
    request.timeouts.total = std::chrono::hours(6);  // a large model over a slow line
    std::promise<base::Status> ended;
    bool wanted = true;
    const std::unique_ptr<http::ClientCall> call = client_.send(
        std::move(request),
        {.on_head =
             [&answer](int status, const http::Headers& headers) {
               answer.status = status;
               answer.headers = headers;
             },
         .on_body =
             [&](std::string_view bytes) {
               if (wanted) wanted = take(bytes);
             },
         .on_end = [&ended](base::Status status) { ended.set_value(std::move(status)); }});
    return ended.get_future().get();
  }

 private:
  [[nodiscard]] std::string base_url() const {
    return (reference_.plain_http ? "http://" : "https://") + reference_.host;
  }

  http::Client& client_;
  const Reference& reference_;
  const RegistryOptions& options_;
};

base::Error refused(const Answer& answer, std::string_view what) {
  const Code code = answer.status == 404                           ? Code::kNotFound
                    : answer.status == 401 || answer.status == 403 ? Code::kPermission
                                                                   : Code::kUnavailable;
  return fail(code, "the registry refuses to {}: status {} {}", what, answer.status,
              std::string_view(answer.body).substr(0, 200));
}

base::Result<std::string> next_location(const Session& session, const Answer& answer) {
  const auto location = http::find_header(answer.headers, "location");
  if (!location) return fail(Code::kUnavailable, "the registry does not say where to upload to");
  return session.absolute(*location);
}

base::Result<bool> has_blob(Session& session, const Descriptor& blob) {
  const Answer answer =
      TRY(session.send({.method = "HEAD", .url = session.path("/blobs/" + blob.digest)}));
  return answer.status == 200;
}

base::Status push_blob(Session& session, const std::string& layout, const Descriptor& blob,
                       std::size_t piece_bytes) {
  if (TRY(has_blob(session, blob))) return {};
  const UniqueFd file(::open(blob_path(layout, blob.digest).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return fail(Code::kCorrupt, "the layout lacks the blob {}", blob.digest);
  Answer answer = TRY(session.send({.method = "POST", .url = session.path("/blobs/uploads/")}));
  if (answer.status != 202) return refused(answer, "take an upload");
  std::string location = TRY(next_location(session, answer));
  std::string piece;
  for (std::uint64_t at = 0; at < blob.size_bytes;) {
    piece.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, blob.size_bytes - at)));
    const ssize_t got = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(at));
    if (got <= 0)
      return fail(Code::kCorrupt, "the blob {} is shorter than it should be", blob.digest);
    piece.resize(static_cast<std::size_t>(got));
    const std::uint64_t end = at + piece.size();
    answer = TRY(session.send({.method = "PATCH",
                               .url = location,
                               .headers = {{"content-type", "application/octet-stream"},
                                           {"content-range", fmt::format("{}-{}", at, end - 1)}},
                               .body = piece}));
    if (answer.status != 202) return refused(answer, "go on with an upload");
    location = TRY(next_location(session, answer));
    at = end;
  }
  const char separator = location.find('?') == std::string::npos ? '?' : '&';
  answer = TRY(session.send(
      {.method = "PUT", .url = fmt::format("{}{}digest={}", location, separator, blob.digest)}));
  if (answer.status != 201) return refused(answer, "finish an upload");
  return {};
}

base::Status pull_blob(Session& session, const std::string& layout, const Descriptor& blob) {
  const std::string path = blob_path(layout, blob.digest);
  // Two files of the same bytes are one blob.
  if (::access(path.c_str(), F_OK) == 0) return {};
  const std::string part = layout + "/blobs/part";
  const UniqueFd out(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out.valid()) return fail(Code::kIo, "cannot create {}: {}", part, std::strerror(errno));
  trust::Sha256Stream stream;
  std::uint64_t received = 0;
  bool written = true;
  Answer answer;
  http::ClientRequest request{.url = session.path("/blobs/" + blob.digest)};
  request.response_bytes_max = blob.size_bytes + 1;
  TRY(session.exchange(std::move(request), answer, [&](std::string_view bytes) {
    received += bytes.size();
    stream.update(bytes);
    written = received <= blob.size_bytes &&
              ::write(out.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    return written;
  }));
  if (answer.status != 200) return refused(answer, "give a blob");
  if (!written && received <= blob.size_bytes)
    return fail(Code::kIo, "cannot write {}: {}", part, std::strerror(errno));
  if (received != blob.size_bytes || "sha256:" + trust::to_hex(stream.finish()) != blob.digest)
    return fail(Code::kCorrupt, "the registry gave other bytes for {} than the manifest names",
                blob.path.empty() ? "the configuration" : blob.path);
  if (std::rename(part.c_str(), path.c_str()) != 0)
    return fail(Code::kIo, "cannot name a blob: {}", std::strerror(errno));
  return {};
}

base::Status check_transport(const Reference& reference) {
  if (!reference.plain_http) return {};
  const std::string_view host =
      std::string_view(reference.host).substr(0, reference.host.rfind(':'));
  if (host == "127.0.0.1" || host == "localhost" || host == "[::1]") return {};
  return fail(Code::kInvalidArgument, "without TLS only a registry on this machine is spoken to");
}

}  // namespace

base::Result<Reference> parse_reference(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::size_t digest = text.find('@');
  const std::size_t colon = digest == std::string::npos ? text.rfind(':') : digest;
  if (slash == 0 || slash == std::string::npos || colon == std::string::npos || colon < slash)
    return fail(Code::kInvalidArgument, "a package is named HOST[:PORT]/NAME:TAG, not '{}'", text);
  Reference reference{text.substr(0, slash), text.substr(slash + 1, colon - slash - 1),
                      text.substr(colon + 1)};
  constexpr const char* kNameLetters = "abcdefghijklmnopqrstuvwxyz0123456789._-/";
  constexpr const char* kTagLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:";
  const bool good_host =
      reference.host.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") ==
      std::string::npos;
  if (!good_host || reference.repository.empty() || reference.tag.empty() ||
      reference.repository.find("..") != std::string::npos ||
      reference.repository.find_first_not_of(kNameLetters) != std::string::npos ||
      reference.tag.find_first_not_of(kTagLetters) != std::string::npos)
    return fail(Code::kInvalidArgument, "'{}' is not HOST[:PORT]/NAME:TAG in lower case", text);
  return reference;
}

base::Result<std::string> push(http::Client& client, const std::string& layout,
                               const Reference& reference, const RegistryOptions& options) {
  TRY(check_transport(reference));
  const LayoutManifest read = TRY(read_layout(layout));
  Session session(client, reference, options);
  for (const Descriptor& layer : read.manifest.layers)
    TRY(push_blob(session, layout, layer, options.piece_bytes));
  TRY(push_blob(session, layout, read.manifest.config, options.piece_bytes));
  const Answer answer = TRY(session.send({.method = "PUT",
                                          .url = session.path("/manifests/" + reference.tag),
                                          .headers = {{"content-type", kManifestType}},
                                          .body = read.bytes}));
  if (answer.status != 201) return refused(answer, "take the manifest");
  return read.digest;
}

base::Result<std::string> pull(http::Client& client, const Reference& reference,
                               const std::string& layout, const RegistryOptions& options) {
  TRY(check_transport(reference));
  Session session(client, reference, options);
  http::ClientRequest request{.url = session.path("/manifests/" + reference.tag),
                              .headers = {{"accept", kManifestType}}};
  request.response_bytes_max = kManifestBytesMax;
  const Answer answer = TRY(session.send(std::move(request)));
  if (answer.status != 200) return refused(answer, "give the manifest");
  const std::string digest = "sha256:" + trust::to_hex(trust::sha256(answer.body));
  if (reference.tag.starts_with("sha256:") && reference.tag != digest)
    return fail(Code::kCorrupt, "the registry gave another manifest than {}", reference.tag);
  const PackageManifest manifest = TRY(parse_package_manifest(answer.body));
  TRY(create_layout(layout));
  for (const Descriptor& layer : manifest.layers) TRY(pull_blob(session, layout, layer));
  TRY(pull_blob(session, layout, manifest.config));
  const std::string tag = reference.tag.starts_with("sha256:") ? "pulled" : reference.tag;
  TRY(finish_layout(layout, answer.body, tag));
  return digest;
}

}  // namespace nearside::package
