#include "trust/certificate.h"

#include <ctime>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "trust/openssl_handle.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

constexpr std::size_t kCertificatesMax = 64;
constexpr int kPathMax = 8;

using StoreHandle = std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>>;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>>;

void free_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using StackHandle = std::unique_ptr<STACK_OF(X509), OpensslFree<free_stack>>;

std::int64_t unix_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<std::int64_t>(::timegm(&parts));
}

}  // namespace

base::Result<Certificate> Certificate::from_der(std::string_view der) {
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* at = begin;
  std::shared_ptr<x509_st> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())),
                                       X509_free);
  if (certificate == nullptr)
    return fail(Code::kCorrupt, "not a certificate in DER: {}", openssl_error());
  if (at != begin + der.size()) return fail(Code::kCorrupt, "bytes after a certificate");
  return Certificate(std::move(certificate));
}

base::Result<std::vector<Certificate>> Certificate::all_from_pem(std::string_view pem) {
  const BioHandle bio = reader_over(pem);
  std::vector<Certificate> all;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    all.push_back(Certificate(std::shared_ptr<x509_st>(next, X509_free)));
    if (all.size() > kCertificatesMax)
      return fail(Code::kCorrupt, "more than {} certificates", kCertificatesMax);
  }
  // The end of the file shows as "no start line"; anything else is a broken certificate.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = openssl_error();
  if (!at_end) return fail(Code::kCorrupt, "a certificate that cannot be read: {}", reason);
  if (all.empty()) return fail(Code::kCorrupt, "no certificate in PEM");
  return all;
}

std::string Certificate::der() const {
  unsigned char* bytes = nullptr;
  const int length = i2d_X509(certificate_.get(), &bytes);
  CHECK(length > 0);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

std::string Certificate::subject() const {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  CHECK(bio != nullptr);
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate_.get()), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::int64_t Certificate::not_before_unix_s() const {
  return unix_time(X509_get0_notBefore(certificate_.get()));
}

std::int64_t Certificate::not_after_unix_s() const {
  return unix_time(X509_get0_notAfter(certificate_.get()));
}

base::Result<PublicKey> Certificate::public_key() const {
  EVP_PKEY* key = X509_get_pubkey(certificate_.get());
  if (key == nullptr)
    return fail(Code::kUnsupported, "a certificate whose key cannot be used: {}", openssl_error());
  return PublicKey::adopt(key);
}

bool Certificate::may_sign() const {
  const std::uint32_t flags = X509_get_extension_flags(certificate_.get());
  if ((flags & EXFLAG_KUSAGE) != 0 &&
      (X509_get_key_usage(certificate_.get()) & KU_DIGITAL_SIGNATURE) != 0)
    return true;
  return (flags & EXFLAG_XKUSAGE) != 0 &&
         (X509_get_extended_key_usage(certificate_.get()) & XKU_CODE_SIGN) != 0;
}

std::optional<std::string> Certificate::extension(const std::string& identifier) const {
  const std::unique_ptr<ASN1_OBJECT, OpensslFree<ASN1_OBJECT_free>> object(
      OBJ_txt2obj(identifier.c_str(), 1));
  CHECK(object != nullptr);
  const int index = X509_get_ext_by_OBJ(certificate_.get(), object.get(), -1);
  if (index < 0) return std::nullopt;
  const ASN1_OCTET_STRING* content =
      X509_EXTENSION_get_data(X509_get_ext(certificate_.get(), index));
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(content)),
                     static_cast<std::size_t>(ASN1_STRING_length(content)));
}

base::Status verify_chain(const Chain& chain) {
  const StoreHandle store(X509_STORE_new());
  const StoreContextHandle context(X509_STORE_CTX_new());
  const StackHandle offered(sk_X509_new_null());
  CHECK(store != nullptr && context != nullptr && offered != nullptr);
  for (const Certificate& root : chain.roots)
    CHECK(X509_STORE_add_cert(store.get(), root.handle()) == 1);
  for (const Certificate& intermediate : chain.intermediates)
    CHECK(sk_X509_push(offered.get(), intermediate.handle()) > 0);
  CHECK(X509_STORE_CTX_init(context.get(), store.get(), chain.leaf.handle(), offered.get()) == 1);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(chain.unix_s));
  X509_VERIFY_PARAM_set_depth(parameters, kPathMax);
  // A root that the owner names is a root, whether or not it signed itself.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_verify_cert(context.get()) == 1) return {};
  const int reason = X509_STORE_CTX_get_error(context.get());
  static_cast<void>(openssl_error());
  return fail(Code::kPermission, "the certificate of {} does not follow from a trusted one: {}",
              chain.leaf.subject(), X509_verify_cert_error_string(reason));
}

}  // namespace nearside::trust
