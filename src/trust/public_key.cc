#include "trust/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/check.h"
#include "trust/openssl_handle.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax =
    8192;  // verifying takes longer with each bit: a bound on a stranger's key

using BignumHandle = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using EcdsaHandle = std::unique_ptr<ECDSA_SIG, OpensslFree<ECDSA_SIG_free>>;
using BuildHandle = std::unique_ptr<OSSL_PARAM_BLD, OpensslFree<OSSL_PARAM_BLD_free>>;
using ParamHandle = std::unique_ptr<OSSL_PARAM, OpensslFree<OSSL_PARAM_free>>;

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

BIGNUM* number_of(std::string_view bytes) {
  return BN_bin2bn(data_of(bytes), static_cast<int>(bytes.size()), nullptr);
}

base::Result<KeyKind> kind_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return KeyKind::kEd25519;
  if (EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < kRsaBitsMin || bits > kRsaBitsMax)
      return fail(Code::kUnsupported, "an RSA key of {} bits; {} to {} are accepted", bits,
                  kRsaBitsMin, kRsaBitsMax);
    return KeyKind::kRsa;
  }
  if (EVP_PKEY_is_a(key, "EC") != 1)
    return fail(Code::kUnsupported, "a key that is neither EC, Ed25519 nor RSA");
  char name[64] = {};
  std::size_t length = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name, &length) !=
      1)
    return fail(Code::kUnsupported, "an EC key without a named curve");
  const std::string_view curve(name, length);
  if (curve == "prime256v1") return KeyKind::kP256;
  if (curve == "secp384r1") return KeyKind::kP384;
  if (curve == "secp521r1") return KeyKind::kP521;
  return fail(Code::kUnsupported, "a key on the curve {}; P-256, P-384 and P-521 are accepted",
              curve);
}

base::Result<PublicKey> from_parameters(const char* algorithm, OSSL_PARAM_BLD* build) {
  const ParamHandle parameters(OSSL_PARAM_BLD_to_param(build));
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return fail(Code::kCorrupt, "not a public key: {}", openssl_error());
  return PublicKey::adopt(key);
}

bool fits(Scheme scheme, KeyKind kind) {
  switch (scheme) {
    case Scheme::kEcdsa:
      return kind == KeyKind::kP256 || kind == KeyKind::kP384 || kind == KeyKind::kP521;
    case Scheme::kEd25519:
      return kind == KeyKind::kEd25519;
    case Scheme::kRsaPkcs1:
    case Scheme::kRsaPss:
      return kind == KeyKind::kRsa;
  }
  return false;
}

}  // namespace

const char* key_kind_name(KeyKind kind) {
  switch (kind) {
    case KeyKind::kP256:
      return "P-256";
    case KeyKind::kP384:
      return "P-384";
    case KeyKind::kP521:
      return "P-521";
    case KeyKind::kEd25519:
      return "Ed25519";
    case KeyKind::kRsa:
      return "RSA";
  }
  return "?";
}

Hash matching_hash(KeyKind kind) {
  if (kind == KeyKind::kP384) return Hash::kSha384;
  if (kind == KeyKind::kP521) return Hash::kSha512;
  return Hash::kSha256;
}

Scheme signature_scheme(KeyKind kind) {
  if (kind == KeyKind::kEd25519) return Scheme::kEd25519;
  if (kind == KeyKind::kRsa) return Scheme::kRsaPss;
  return Scheme::kEcdsa;
}

base::Result<PublicKey> PublicKey::adopt(evp_pkey_st* key) {
  std::shared_ptr<evp_pkey_st> owned(key, EVP_PKEY_free);
  const KeyKind kind = TRY(kind_of(key));
  return PublicKey(std::move(owned), kind);
}

base::Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  const BioHandle bio = reader_over(pem);
  EVP_PKEY* key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
  if (key == nullptr) return fail(Code::kCorrupt, "not a public key in PEM: {}", openssl_error());
  return adopt(key);
}

base::Result<PublicKey> PublicKey::from_der(std::string_view der) {
  const unsigned char* at = data_of(der);
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  if (key == nullptr) return fail(Code::kCorrupt, "not a public key in DER: {}", openssl_error());
  base::Result<PublicKey> result = adopt(key);
  if (at != data_of(der) + der.size()) return fail(Code::kCorrupt, "bytes after a public key");
  return result;
}

base::Result<PublicKey> PublicKey::from_point(KeyKind kind, std::string_view x,
                                              std::string_view y) {
  const char* curve = kind == KeyKind::kP256   ? "prime256v1"
                      : kind == KeyKind::kP384 ? "secp384r1"
                                               : "secp521r1";
  const std::string point = std::string("\x04").append(x).append(y);
  const BuildHandle build(OSSL_PARAM_BLD_new());
  CHECK(build != nullptr);
  CHECK(OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1);
  CHECK(OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) == 1);
  return from_parameters("EC", build.get());
}

base::Result<PublicKey> PublicKey::from_rsa(std::string_view modulus, std::uint32_t exponent) {
  const BuildHandle build(OSSL_PARAM_BLD_new());
  const BignumHandle n(number_of(modulus));
  CHECK(build != nullptr && n != nullptr);
  CHECK(OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1);
  CHECK(OSSL_PARAM_BLD_push_uint32(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent) == 1);
  return from_parameters("RSA", build.get());
}

std::string PublicKey::pem() const {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  CHECK(bio != nullptr && PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string PublicKey::der() const {
  unsigned char* bytes = nullptr;
  const int length = i2d_PUBKEY(key_.get(), &bytes);
  CHECK(length > 0);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

bool PublicKey::same_as(const PublicKey& other) const {
  return EVP_PKEY_eq(key_.get(), other.key_.get()) == 1;
}

base::Status PublicKey::verify(std::string_view message, std::string_view signature, Scheme scheme,
                               Hash hash) const {
  if (!fits(scheme, kind_))
    return fail(Code::kInvalidArgument, "a {} key makes no signatures of this kind",
                key_kind_name(kind_));
  const DigestHandle context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  EVP_PKEY_CTX* key_context = nullptr;  // owned by `context`
  const EVP_MD* method = scheme == Scheme::kEd25519 ? nullptr : openssl_hash(hash);
  if (EVP_DigestVerifyInit(context.get(), &key_context, method, nullptr, key_.get()) != 1)
    return fail(Code::kPermission, "the signature cannot be checked: {}", openssl_error());
  if (scheme == Scheme::kRsaPss &&
      (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1))
    return fail(Code::kPermission, "the signature cannot be checked: {}", openssl_error());
  if (EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(message),
                       message.size()) == 1)
    return {};
  static_cast<void>(openssl_error());
  return fail(Code::kPermission, "the signature was not made by this key over these bytes");
}

std::string ecdsa_der(std::string_view r, std::string_view s) {
  const EcdsaHandle signature(ECDSA_SIG_new());
  CHECK(signature != nullptr);
  CHECK(ECDSA_SIG_set0(signature.get(), number_of(r), number_of(s)) == 1);
  unsigned char* bytes = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &bytes);
  CHECK(length > 0);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace nearside::trust
