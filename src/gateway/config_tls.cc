// `tls`, and what an upstream says about TLS: certificates, who is believed, who is let in.
#include <fmt/format.h>

#include "gateway/config_reader.h"

namespace nearside::gateway {

namespace {

bool read_path(base::YamlMap& map, std::string_view key, std::string& out, const Draft& draft) {
  if (!map.text(key, out)) return false;
  out = resolve_path(draft, out);
  return true;
}

/// As libcurl takes it: one or more of "sha256//" and 44 characters, joined by ';'.
bool is_pin(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256//";
  constexpr std::size_t kBase64Bytes = 44;  // of 32 bytes
  for (;;) {
    if (!text.starts_with(kPrefix) || text.size() < kPrefix.size() + kBase64Bytes) return false;
    text.remove_prefix(kPrefix.size() + kBase64Bytes);
    if (text.empty()) return true;
    if (text.front() != ';') return false;
    text.remove_prefix(1);
  }
}

}  // namespace

void read_tls(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("tls");
  if (node == nullptr) return;
  base::YamlMap map(*node, "tls", draft.problems);
  http::TlsFiles files;
  map.need("certificate_file", "this node's certificate and those between it and its root (PEM)");
  map.need("key_file", "the certificate's private key (PEM, not encrypted)");
  read_path(map, "certificate_file", files.certificate_file, draft);
  read_path(map, "key_file", files.key_file, draft);
  const bool asks = read_path(map, "client_ca_file", files.client_ca_file, draft);
  std::string wanted;
  if (map.text("client_certificate", wanted)) {
    files.client_certificate_required = wanted == "required";
    if (wanted != "required" && wanted != "optional")
      draft.problem(
          map.line_of("client_certificate"),
          fmt::format("tls.client_certificate is '{}'; it wants required or optional", wanted));
    if (!asks)
      draft.problem(map.line_of("client_certificate"),
                    "tls.client_certificate does nothing without tls.client_ca_file, the "
                    "authorities (PEM) that certify clients");
  }
  draft.config.tls = std::move(files);
}

void read_upstream_tls(base::YamlMap& map, UpstreamConfig& upstream, Draft& draft) {
  map.flag("ca_only", upstream.ca_only);
  if (upstream.ca_only && upstream.ca_file.empty())
    draft.problem(map.line_of("ca_only"),
                  fmt::format("{}.ca_only without ca_file would believe nobody; name the "
                              "authorities (PEM)",
                              map.path()));
  read_path(map, "certificate_file", upstream.certificate_file, draft);
  read_path(map, "certificate_key_file", upstream.certificate_key_file, draft);
  if (upstream.certificate_file.empty() != upstream.certificate_key_file.empty())
    draft.problem(map.line(), fmt::format("{} wants certificate_file and certificate_key_file "
                                          "together",
                                          map.path()));
  if (map.text("pinned_key", upstream.pinned_key) && !is_pin(upstream.pinned_key))
    draft.problem(map.line_of("pinned_key"),
                  fmt::format("{}.pinned_key wants sha256// and the base64 of the SHA-256 of the "
                              "server's public key; several are joined by ';'",
                              map.path()));
  const bool any = upstream.ca_only || !upstream.ca_file.empty() ||
                   !upstream.certificate_file.empty() || !upstream.pinned_key.empty();
  if (any && upstream.url.starts_with("http://"))
    draft.problem(map.line_of("url"),
                  fmt::format("{} says whom to believe, but its url is http, where nobody says who "
                              "they are; write https://",
                              map.path()));
}

}  // namespace nearside::gateway
