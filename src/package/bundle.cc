#include "package/bundle.h"

#include "base/base64.h"
#include "base/check.h"
#include "base/json.h"
#include "trust/encoding.h"

namespace nearside::package {

using base::Code;
using base::fail;
namespace json = base::json;

namespace {

constexpr std::string_view kMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr std::string_view kMediaTypePrefix = "application/vnd.dev.sigstore.bundle";
constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
constexpr std::size_t kSignaturesMax = 16;
constexpr std::size_t kCertificatesMax = 16;

base::Error corrupt(std::string_view what) {
  return fail(Code::kCorrupt, "the signature file is not a model signature: {}", what);
}

const json::object* object_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

base::Result<std::string> base64_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().empty())
    return corrupt(fmt::format("`{}` must be base64", name));
  base::Result<std::string> bytes = trust::from_strict_base64(value->get_string());
  if (!bytes) return corrupt(fmt::format("`{}`: {}", name, bytes.error().message));
  return bytes;
}

base::Status add_certificate(const json::value& value, Bundle& bundle) {
  if (!value.is_object()) return corrupt("a certificate must be an object");
  const std::string der = TRY(base64_member(value.get_object(), "rawBytes"));
  bundle.certificates.push_back(TRY(trust::Certificate::from_der(der)));
  return {};
}

base::Status parse_key(const json::object& key, Bundle& bundle) {
  bundle.method = Method::kKey;
  const json::value* hint = key.if_contains("hint");
  if (hint != nullptr && hint->is_string()) {
    bundle.key_hint = hint->get_string();
    return {};
  }
  if (!key.contains("rawBytes")) return corrupt("`publicKey` must have a hint");
  return {};
}

base::Status parse_chain(const json::object& chain, Bundle& bundle) {
  bundle.method = Method::kCertificate;
  const json::value* list = chain.if_contains("certificates");
  if (list == nullptr || !list->is_array() || list->get_array().empty() ||
      list->get_array().size() > kCertificatesMax)
    return corrupt(fmt::format("`certificates` must be a list of 1 to {}", kCertificatesMax));
  for (const json::value& certificate : list->get_array())
    TRY(add_certificate(certificate, bundle));
  return {};
}

base::Status parse_sigstore(const json::object& material, Bundle& bundle) {
  bundle.method = Method::kSigstore;
  TRY(add_certificate(material.at("certificate"), bundle));
  const json::value* log = material.if_contains("tlogEntries");
  if (log == nullptr || !log->is_array() || log->get_array().empty())
    return corrupt("a Sigstore certificate without an entry of the transparency log");
  return {};
}

base::Status parse_material(const json::object& material, Bundle& bundle) {
  const json::object* key = object_member(material, "publicKey");
  const json::object* chain = object_member(material, "x509CertificateChain");
  const json::object* certificate = object_member(material, "certificate");
  // With two of them a verifier and another could disagree about who signed.
  if ((key != nullptr) + (chain != nullptr) + (certificate != nullptr) != 1)
    return corrupt("it must name one public key or one certificate");
  if (key != nullptr) return parse_key(*key, bundle);
  if (chain != nullptr) return parse_chain(*chain, bundle);
  return parse_sigstore(material, bundle);
}

base::Status parse_envelope(const json::object& envelope, Bundle& bundle) {
  for (const auto& member : envelope)
    if (member.key() != "payload" && member.key() != "payloadType" && member.key() != "signatures")
      return corrupt(fmt::format("unknown member `{}`", std::string_view(member.key())));
  const json::value* type = envelope.if_contains("payloadType");
  if (type == nullptr || !type->is_string() || type->get_string() != kPayloadType)
    return corrupt(fmt::format("`payloadType` must be {}", kPayloadType));
  bundle.payload = TRY(base64_member(envelope, "payload"));
  const json::value* signatures = envelope.if_contains("signatures");
  if (signatures == nullptr || !signatures->is_array() || signatures->get_array().empty() ||
      signatures->get_array().size() > kSignaturesMax)
    return corrupt(fmt::format("`signatures` must be a list of 1 to {}", kSignaturesMax));
  for (const json::value& signature : signatures->get_array()) {
    if (!signature.is_object()) return corrupt("a signature must be an object");
    bundle.signatures.push_back(TRY(base64_member(signature.get_object(), "sig")));
  }
  return {};
}

/// bytes.__repr__ of Python.
std::string python_repr(std::string_view bytes) {
  const bool has_single = bytes.find('\'') != std::string_view::npos;
  const char quote = has_single && bytes.find('"') == std::string_view::npos ? '"' : '\'';
  std::string text = std::string("b") + quote;
  for (const char c : bytes) {
    if (c == quote || c == '\\')
      text += {'\\', c};
    else if (c == '\n')
      text += "\\n";
    else if (c == '\r')
      text += "\\r";
    else if (c == '\t')
      text += "\\t";
    else if (c < ' ' || c > '~')
      text += "\\x" + trust::to_hex(std::string_view(&c, 1));
    else
      text += c;
  }
  return text + quote;
}

}  // namespace

const char* method_name(Method method) {
  switch (method) {
    case Method::kKey:
      return "key";
    case Method::kCertificate:
      return "certificate";
    case Method::kSigstore:
      return "sigstore";
  }
  return "?";
}

base::Result<Bundle> parse_bundle(std::string_view text) {
  if (text.size() > kBundleBytesMax)
    return fail(Code::kTooLarge, "the signature file is larger than {} bytes", kBundleBytesMax);
  const base::Result<json::value> document = base::parse_json(text);
  if (!document) return corrupt(document.error().message);
  if (!document->is_object()) return corrupt("it must be an object");
  const json::object& object = document->get_object();
  for (const auto& member : object)
    if (member.key() != "mediaType" && member.key() != "verificationMaterial" &&
        member.key() != "dsseEnvelope")
      return corrupt(fmt::format("unknown member `{}`", std::string_view(member.key())));
  const json::value* type = object.if_contains("mediaType");
  if (type == nullptr || !type->is_string() || !type->get_string().starts_with(kMediaTypePrefix))
    return corrupt(fmt::format("`mediaType` must be {}", kMediaType));
  const json::object* material = object_member(object, "verificationMaterial");
  if (material == nullptr) return corrupt("it has no verification material");
  const json::object* envelope = object_member(object, "dsseEnvelope");
  if (envelope == nullptr) return corrupt("it has no envelope");
  Bundle bundle;
  TRY(parse_material(*material, bundle));
  TRY(parse_envelope(*envelope, bundle));
  return bundle;
}

std::string encode_bundle(const Bundle& bundle) {
  CHECK(bundle.method != Method::kSigstore);
  json::object material;
  if (bundle.method == Method::kKey) {
    material["publicKey"] = json::object{{"hint", bundle.key_hint}};
  } else {
    json::array chain;
    for (const trust::Certificate& certificate : bundle.certificates)
      chain.push_back(json::object{{"rawBytes", base::base64_encode(certificate.der())}});
    material["x509CertificateChain"] = json::object{{"certificates", chain}};
  }
  material["tlogEntries"] = json::array{};
  json::array signatures;
  for (const std::string& signature : bundle.signatures)
    signatures.push_back(json::object{{"sig", base::base64_encode(signature)}, {"keyid", ""}});
  return json::serialize(
      json::object{{"mediaType", kMediaType},
                   {"verificationMaterial", material},
                   {"dsseEnvelope", json::object{{"payload", base::base64_encode(bundle.payload)},
                                                 {"payloadType", kPayloadType},
                                                 {"signatures", signatures}}}});
}

std::string key_hint(const trust::PublicKey& key) {
  return trust::to_hex(trust::sha256(key.pem()));
}

std::string pre_authentication_encoding(std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", kPayloadType.size(), kPayloadType, payload.size(),
                     payload);
}

std::string deprecated_encoding(std::string_view payload) {
  return fmt::format("DSSEV1 {} {} {} {}", kPayloadType.size(), kPayloadType, payload.size(),
                     python_repr(payload));
}

}  // namespace nearside::package
