#include "trust/certificate_for_test.h"

#include <openssl/x509v3.h>

#include "base/check.h"
#include "trust/openssl_handle.h"

namespace nearside::trust {

namespace {

void add_extension(X509* certificate, int kind, const char* value) {
  const std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, value));
  CHECK(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

Certificate make_certificate(const CertificateForTest& options, const PublicKey& subject_key,
                             const Certificate* issuer, const PrivateKey& issuer_key) {
  const CertificateHandle made(X509_new());
  CHECK(made != nullptr);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), options.not_before_unix_s);
  ASN1_TIME_set(X509_getm_notAfter(made.get()), options.not_after_unix_s);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(options.common_name.c_str()),
                             -1, -1, 0);
  X509_set_issuer_name(made.get(),
                       X509_get_subject_name(issuer != nullptr ? issuer->handle() : made.get()));
  X509_set_pubkey(made.get(), subject_key.handle());
  add_extension(made.get(), NID_basic_constraints,
                options.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (options.authority)
    add_extension(made.get(), NID_key_usage, "critical,keyCertSign");
  else
    add_extension(made.get(), NID_key_usage,
                  options.may_sign ? "critical,digitalSignature" : "critical,keyAgreement");
  CHECK(X509_sign(made.get(), issuer_key.handle(), EVP_sha256()) > 0);
  unsigned char* bytes = nullptr;
  const int length = i2d_X509(made.get(), &bytes);
  const std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return Certificate::from_der(der).value();
}

}  // namespace nearside::trust
