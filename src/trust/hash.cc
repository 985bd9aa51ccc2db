#include "trust/hash.h"

#include <openssl/evp.h>

#include "base/check.h"
#include "trust/openssl_handle.h"

namespace nearside::trust {

std::string hash_bytes(Hash hash, std::string_view bytes) {
  const EVP_MD* method = openssl_hash(hash);
  std::string digest(static_cast<std::size_t>(EVP_MD_get_size(method)), '\0');
  CHECK(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   nullptr, method, nullptr) == 1);
  return digest;
}

void Sha256Stream::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr);
  CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256Stream::update(std::span<const std::byte> bytes) {
  CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

void Sha256Stream::update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }

Sha256 Sha256Stream::finish() {
  Sha256 digest{};
  CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  return digest;
}

}  // namespace nearside::trust
