// Hashes by name, and SHA-256 over bytes that arrive in pieces.
// Source: FIPS 180-4; OpenSSL's implementation.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "trust/sha256.h"

struct evp_md_ctx_st;

namespace nearside::trust {

enum class Hash { kSha256, kSha384, kSha512 };

/// The raw digest: 32, 48 or 64 bytes.
std::string hash_bytes(Hash hash, std::string_view bytes);

/// SHA-256 of everything given to update().
class Sha256Stream {
 public:
  Sha256Stream();
  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes);
  /// The digest; starts anew.
  Sha256 finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace nearside::trust
