// Makes certificates for tests.
#pragma once

#include <string>

#include "trust/certificate.h"
#include "trust/private_key.h"

namespace nearside::trust {

struct CertificateForTest {
  std::string common_name;
  std::int64_t not_before_unix_s = 1'700'000'000;
  std::int64_t not_after_unix_s = 2'000'000'000;
  bool authority = false;
  bool may_sign = true;  // key usage digitalSignature (an authority: keyCertSign)
};

/// Signed by `issuer_key` in the name of `issuer`; by itself when `issuer` is null.
Certificate make_certificate(const CertificateForTest& options, const PublicKey& subject_key,
                             const Certificate* issuer, const PrivateKey& issuer_key);

}  // namespace nearside::trust
