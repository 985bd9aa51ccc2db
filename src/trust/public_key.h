// A public key: what it is, and whether it made a signature.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "trust/hash.h"

struct evp_pkey_st;

namespace nearside::trust {

enum class KeyKind { kP256, kP384, kP521, kEd25519, kRsa };

const char* key_kind_name(KeyKind kind);

/// How a signature was made. Which fits a key is the format's business (a TPM says so, a quote
/// fixes it); for files that people sign it is signature_scheme().
enum class Scheme {
  kEcdsa,     // DER
  kEd25519,   // 64 bytes
  kRsaPkcs1,  // PKCS#1 1.5
  kRsaPss,    // salt as long as the digest
};

/// Immutable; copies share the key. Thread-safe.
class PublicKey {
 public:
  /// SubjectPublicKeyInfo. Errors: kCorrupt; kUnsupported (another curve or algorithm, RSA under
  /// 2048 or over 8192 bits).
  static base::Result<PublicKey> from_pem(std::string_view pem);
  static base::Result<PublicKey> from_der(std::string_view der);
  /// An uncompressed point: X and Y, big-endian, each as long as the field. Errors: kCorrupt (not
  /// on the curve).
  static base::Result<PublicKey> from_point(KeyKind kind, std::string_view x, std::string_view y);
  /// Modulus (big-endian) and exponent. Errors: kCorrupt, kUnsupported.
  static base::Result<PublicKey> from_rsa(std::string_view modulus, std::uint32_t exponent);

  [[nodiscard]] KeyKind kind() const { return kind_; }
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] std::string der() const;
  [[nodiscard]] bool same_as(const PublicKey& other) const;

  /// Success: `signature` was made over `message` with this key. Errors: kPermission (it was not),
  /// kInvalidArgument (the scheme is not one of this kind of key).
  [[nodiscard]] base::Status verify(std::string_view message, std::string_view signature,
                                    Scheme scheme, Hash hash) const;

  /// For this room: takes over one reference. Errors: kUnsupported.
  static base::Result<PublicKey> adopt(evp_pkey_st* key);
  [[nodiscard]] evp_pkey_st* handle() const { return key_.get(); }

 private:
  PublicKey(std::shared_ptr<evp_pkey_st> key, KeyKind kind) : key_(std::move(key)), kind_(kind) {}
  std::shared_ptr<evp_pkey_st> key_;  // shared: OpenSSL counts references to immutable keys anyway
  KeyKind kind_;
};

/// The hash that goes with a kind of key where a format leaves no choice: as strong as the curve
/// (SHA-256, -384, -512 for P-256, -384, -521), SHA-256 else.
Hash matching_hash(KeyKind kind);
Scheme signature_scheme(KeyKind kind);

/// A DER signature of two big-endian numbers, as hardware reports give them.
std::string ecdsa_der(std::string_view r, std::string_view s);

}  // namespace nearside::trust
