// Keys from keys, and small secrets wrapped by a key.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "trust/secret_bytes.h"

namespace nearside::trust {

/// `size_bytes` from HKDF-SHA-256 with `purpose` and the hash of `bound` as its info: another
/// purpose, or a changed bit of what is bound, gives unrelated keys.
/// Source: RFC 5869. Errors: kIo (no memory).
base::Result<SecretBytes> derive_key(const SecretBytes& key, std::span<const std::byte> salt,
                                     std::string_view purpose, std::span<const std::byte> bound,
                                     std::size_t size_bytes);

/// `secret` encrypted by `key` (32 bytes): nonce, ciphertext, tag. `bound` must be the same to
/// unwrap. AES-256-GCM with a random nonce: a key wraps at most 2^32 secrets.
std::string wrap_secret(const SecretBytes& secret, const SecretBytes& key, std::string_view bound);

/// Errors: kPermission (another key, other bound bytes, or a changed wrapping), kIo (no memory).
base::Result<SecretBytes> unwrap_secret(std::string_view wrapped, const SecretBytes& key,
                                        std::string_view bound);

}  // namespace nearside::trust
