// A private key that signs.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "trust/public_key.h"

namespace nearside::trust {

/// Immutable; copies share the key, which is wiped with the last of them. Thread-safe.
class PrivateKey {
 public:
  /// PKCS#8 or SEC1. Errors: kCorrupt (also encrypted keys), kUnsupported (kinds that
  /// PublicKey refuses).
  static base::Result<PrivateKey> from_pem(std::string_view pem);
  static PrivateKey generate(KeyKind kind);  // not kRsa

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  /// PKCS#8, not encrypted.
  [[nodiscard]] std::string pem() const;
  /// With signature_scheme() and matching_hash() of its kind.
  [[nodiscard]] std::string sign(std::string_view message) const;

  /// For this room.
  [[nodiscard]] evp_pkey_st* handle() const { return key_.get(); }

 private:
  PrivateKey(std::shared_ptr<evp_pkey_st> key, PublicKey public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}
  static base::Result<PrivateKey> adopt(evp_pkey_st* key);
  std::shared_ptr<evp_pkey_st> key_;
  PublicKey public_key_;
};

}  // namespace nearside::trust
