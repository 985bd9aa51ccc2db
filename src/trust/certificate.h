// X.509 certificates, and whether one follows from authorities that are trusted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/public_key.h"

struct x509_st;

namespace nearside::trust {

/// Immutable; copies share it. Thread-safe.
class Certificate {
 public:
  /// Errors: kCorrupt (also bytes after it).
  static base::Result<Certificate> from_der(std::string_view der);
  /// Every certificate of a PEM file, in order. Errors: kCorrupt (none; one that cannot be read;
  /// more than 64).
  static base::Result<std::vector<Certificate>> all_from_pem(std::string_view pem);

  [[nodiscard]] std::string der() const;
  /// RFC 2253: "CN=plant models,O=Example".
  [[nodiscard]] std::string subject() const;
  [[nodiscard]] std::int64_t not_before_unix_s() const;
  [[nodiscard]] std::int64_t not_after_unix_s() const;
  /// Errors: kUnsupported.
  [[nodiscard]] base::Result<PublicKey> public_key() const;
  /// Key usage digitalSignature, or extended key usage code signing; with neither extension, false.
  [[nodiscard]] bool may_sign() const;
  /// The content of the extension with this dotted identifier.
  [[nodiscard]] std::optional<std::string> extension(const std::string& identifier) const;

  /// For this room.
  [[nodiscard]] x509_st* handle() const { return certificate_.get(); }

 private:
  explicit Certificate(std::shared_ptr<x509_st> certificate)
      : certificate_(std::move(certificate)) {}
  std::shared_ptr<x509_st> certificate_;
};

struct Chain {
  const Certificate& leaf;
  std::span<const Certificate> intermediates;  // untrusted: merely offered
  std::span<const Certificate> roots;          // trusted; the path must end in one of them
  /// Which day the certificates must be valid on.
  std::int64_t unix_s = 0;
};

/// Success: a path from the leaf to a root, each signed by the next, each valid that day, at most 8
/// long. Revocation is not looked at. Errors: kPermission, with OpenSSL's reason.
base::Status verify_chain(const Chain& chain);

}  // namespace nearside::trust
