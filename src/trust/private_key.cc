#include "trust/private_key.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/check.h"
#include "trust/openssl_handle.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

/// Encrypted keys would have OpenSSL ask for a password on the terminal.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

base::Result<PrivateKey> PrivateKey::adopt(evp_pkey_st* key) {
  std::shared_ptr<evp_pkey_st> owned(key, EVP_PKEY_free);
  // The public half as a key of its own, so that it can outlive the private one.
  unsigned char* bytes = nullptr;
  const int length = i2d_PUBKEY(key, &bytes);
  if (length <= 0) return fail(Code::kCorrupt, "a private key without a public one");
  const std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  PublicKey public_key = TRY(PublicKey::from_der(der));
  return PrivateKey(std::move(owned), std::move(public_key));
}

base::Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  const BioHandle bio = reader_over(pem);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr);
  if (key == nullptr)
    return fail(Code::kCorrupt, "not a private key in PEM without a password: {}", openssl_error());
  return adopt(key);
}

PrivateKey PrivateKey::generate(KeyKind kind) {
  CHECK(kind != KeyKind::kRsa);
  EVP_PKEY* key = kind == KeyKind::kEd25519
                      ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                      : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", key_kind_name(kind));
  CHECK(key != nullptr);
  return adopt(key).value();
}

std::string PrivateKey::pem() const {
  const BioHandle bio(BIO_new(BIO_s_secmem()));
  CHECK(bio != nullptr && PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0,
                                                        nullptr, nullptr) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string PrivateKey::sign(std::string_view message) const {
  const KeyKind kind = public_key_.kind();
  const Scheme scheme = signature_scheme(kind);
  const DigestHandle context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  EVP_PKEY_CTX* key_context = nullptr;  // owned by `context`
  const EVP_MD* method = scheme == Scheme::kEd25519 ? nullptr : openssl_hash(matching_hash(kind));
  CHECK(EVP_DigestSignInit(context.get(), &key_context, method, nullptr, key_.get()) == 1);
  if (scheme == Scheme::kRsaPss) {
    CHECK(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
    CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  const auto* data = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t length = 0;
  CHECK(EVP_DigestSign(context.get(), nullptr, &length, data, message.size()) == 1);
  std::string signature(length, '\0');
  CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       data, message.size()) == 1);
  signature.resize(length);
  return signature;
}

}  // namespace nearside::trust
