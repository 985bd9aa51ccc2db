// A key pair for one exchange: made, used once, gone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "trust/secret_bytes.h"

struct evp_pkey_st;

namespace nearside::trust {

inline constexpr std::size_t kEphemeralPublicBytes = 32;

/// X25519. Source: RFC 7748. Moves; the private half is in OpenSSL's memory, which is wiped with
/// it.
class EphemeralKey {
 public:
  static EphemeralKey generate();

  /// kEphemeralPublicBytes.
  [[nodiscard]] std::string public_bytes() const;
  /// The 32-byte key that only the owners of the two pairs can compute, for one `purpose` and what
  /// is `bound` to it (derive_key). Errors: kInvalidArgument (no key, or one of low order: then
  /// everybody knew the result), kIo (no memory).
  [[nodiscard]] base::Result<SecretBytes> agree(std::string_view peer_public,
                                                std::string_view purpose,
                                                std::string_view bound) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit EphemeralKey(evp_pkey_st* key) : key_(key) {}
  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace nearside::trust
