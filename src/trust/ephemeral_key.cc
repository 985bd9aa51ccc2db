#include "trust/ephemeral_key.h"

#include <array>

#include <openssl/evp.h>

#include "base/check.h"
#include "trust/key_derivation.h"
#include "trust/openssl_handle.h"

namespace nearside::trust {

using base::Code;
using base::fail;

void EphemeralKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

EphemeralKey EphemeralKey::generate() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519");
  CHECK(key != nullptr);
  return EphemeralKey(key);
}

std::string EphemeralKey::public_bytes() const {
  std::string bytes(kEphemeralPublicBytes, '\0');
  std::size_t size = bytes.size();
  CHECK(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()),
                                    &size) == 1);
  return bytes;
}

base::Result<SecretBytes> EphemeralKey::agree(std::string_view peer_public,
                                              std::string_view purpose,
                                              std::string_view bound) const {
  if (peer_public.size() != kEphemeralPublicBytes)
    return fail(Code::kInvalidArgument, "an ephemeral key has {} bytes", kEphemeralPublicBytes);
  const std::unique_ptr<EVP_PKEY, Free> peer(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_X25519, nullptr, reinterpret_cast<const unsigned char*>(peer_public.data()),
      peer_public.size()));
  const KeyContextHandle context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  CHECK(peer != nullptr && context != nullptr);
  SecretBytes shared = TRY(SecretBytes::create(32));
  std::size_t size = shared.bytes().size();
  // OpenSSL refuses a result of zeros, which is what points of low order give (RFC 7748, 6.1).
  if (EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(context.get(), reinterpret_cast<unsigned char*>(shared.bytes().data()),
                      &size) != 1)
    return fail(Code::kInvalidArgument, "this ephemeral key cannot be agreed with");
  // Without a salt of its own, as RFC 5869 has it: zeros, as long as the hash.
  const std::array<std::byte, 32> salt{};
  return derive_key(shared, salt, purpose, std::as_bytes(std::span(bound)), 32);
}

}  // namespace nearside::trust
