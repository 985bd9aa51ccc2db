// A signature's file: the Sigstore bundle around a DSSE envelope.
// Source: github.com/ossf/model-signing-spec (bundle and envelope schemas),
// github.com/secure-systems-lab/dsse, protocol.md (version 1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/certificate.h"

namespace nearside::package {

/// Who vouches for the key.
enum class Method {
  kKey,          // nobody: the verifier knows it
  kCertificate,  // authorities that the verifier knows
  kSigstore,     // a short-lived certificate and a transparency log: read, not verified
};

const char* method_name(Method method);

struct Bundle {
  Method method = Method::kKey;
  /// kKey: SHA-256 of the key's PEM in hexadecimal; "" in bundles of before release 1.1.
  std::string key_hint;
  /// kCertificate: leaf first. kSigstore: the leaf.
  std::vector<trust::Certificate> certificates;
  std::string payload;                  // the statement, as signed
  std::vector<std::string> signatures;  // at least one, raw
};

inline constexpr std::size_t kBundleBytesMax = 64U << 20;

/// Errors: kCorrupt (breaks the schemas: no envelope, no verification material or two, another
/// payload type, no log entry for a Sigstore certificate), kTooLarge.
base::Result<Bundle> parse_bundle(std::string_view json);

/// REQUIRES: not kSigstore.
std::string encode_bundle(const Bundle& bundle);

/// The hint of a key.
std::string key_hint(const trust::PublicKey& key);

/// What is signed: DSSE's pre-authentication encoding of an in-toto payload.
std::string pre_authentication_encoding(std::string_view payload);

/// What release 0.2 of the reference tool signed instead: its encoding held the payload as Python
/// prints bytes (b'...\n...'), under a misspelt label.
std::string deprecated_encoding(std::string_view payload);

}  // namespace nearside::package
