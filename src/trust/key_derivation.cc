#include "trust/key_derivation.h"

#include <array>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "base/check.h"
#include "trust/openssl_handle.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using KdfHandle = std::unique_ptr<EVP_KDF, OpensslFree<EVP_KDF_free>>;
using KdfContextHandle = std::unique_ptr<EVP_KDF_CTX, OpensslFree<EVP_KDF_CTX_free>>;

const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}
unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

}  // namespace

base::Result<SecretBytes> derive_key(const SecretBytes& key, std::span<const std::byte> salt,
                                     std::string_view purpose, std::span<const std::byte> bound,
                                     std::size_t size_bytes) {
  std::string info(purpose);
  info += '\0';
  info += hash_bytes(Hash::kSha256, {reinterpret_cast<const char*>(bound.data()), bound.size()});
  SecretBytes derived = TRY(SecretBytes::create(size_bytes));
  const KdfHandle method(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const KdfContextHandle context(EVP_KDF_CTX_new(method.get()));
  CHECK(context != nullptr);
  char digest[] = "SHA256";
  const std::array parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(
          OSSL_KDF_PARAM_KEY, const_cast<std::byte*>(key.bytes().data()), key.bytes().size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, const_cast<std::byte*>(salt.data()),
                                        salt.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  CHECK(EVP_KDF_derive(context.get(), raw(derived.bytes().data()), size_bytes, parameters.data()) ==
        1);
  return derived;
}

std::string wrap_secret(const SecretBytes& secret, const SecretBytes& key, std::string_view bound) {
  CHECK(key.bytes().size() == 32);
  const auto secret_bytes = static_cast<int>(secret.bytes().size());
  std::string wrapped(kNonceBytes + secret.bytes().size() + kTagBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(wrapped.data());
  CHECK(RAND_bytes(out, kNonceBytes) == 1);
  const CipherHandle context(EVP_CIPHER_CTX_new());
  int length = 0;
  CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, raw(key.bytes().data()),
                           out) == 1);
  CHECK(EVP_EncryptUpdate(context.get(), nullptr, &length,
                          reinterpret_cast<const unsigned char*>(bound.data()),
                          static_cast<int>(bound.size())) == 1);
  CHECK(EVP_EncryptUpdate(context.get(), out + kNonceBytes, &length, raw(secret.bytes().data()),
                          secret_bytes) == 1);
  CHECK(EVP_EncryptFinal_ex(context.get(), out + kNonceBytes + length, &length) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                            out + kNonceBytes + secret_bytes) == 1);
  return wrapped;
}

base::Result<SecretBytes> unwrap_secret(std::string_view wrapped, const SecretBytes& key,
                                        std::string_view bound) {
  CHECK(key.bytes().size() == 32);
  const base::Error refused =
      fail(Code::kPermission, "this key does not unwrap the secret, or the wrapping was changed");
  if (wrapped.size() <= kNonceBytes + kTagBytes || wrapped.size() > 4096) return refused;
  const std::size_t secret_bytes = wrapped.size() - kNonceBytes - kTagBytes;
  SecretBytes secret = TRY(SecretBytes::create(secret_bytes));
  const auto* in = reinterpret_cast<const unsigned char*>(wrapped.data());
  std::string tag(wrapped.substr(wrapped.size() - kTagBytes));
  const CipherHandle context(EVP_CIPHER_CTX_new());
  int length = 0;
  CHECK(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, raw(key.bytes().data()),
                           in) == 1);
  CHECK(EVP_DecryptUpdate(context.get(), nullptr, &length,
                          reinterpret_cast<const unsigned char*>(bound.data()),
                          static_cast<int>(bound.size())) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1);
  if (EVP_DecryptUpdate(context.get(), raw(secret.bytes().data()), &length, in + kNonceBytes,
                        static_cast<int>(secret_bytes)) != 1 ||
      EVP_DecryptFinal_ex(context.get(), raw(secret.bytes().data()) + length, &length) != 1)
    return refused;
  return secret;
}

}  // namespace nearside::trust
