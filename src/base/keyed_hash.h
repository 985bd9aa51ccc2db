// SipHash-2-4 with 128 bits of output: a hash nobody can steer or compare without the key.
//
// For names of things whose content must not be kept or guessed (earlier messages of a
// conversation). Not for signatures: that is the trust room's.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace nearside::base {

struct HashKey {
  std::uint64_t low = 0, high = 0;
};

struct KeyedHash {
  std::uint64_t low = 0, high = 0;
  bool operator==(const KeyedHash&) const = default;
};

/// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), and its 128-bit
/// variant in the reference implementation, with whose vectors the test agrees.
KeyedHash keyed_hash(const HashKey& key, std::string_view bytes);

}  // namespace nearside::base

/// For tables: the value is already as random as it can be.
template <>
struct std::hash<nearside::base::KeyedHash> {
  std::size_t operator()(const nearside::base::KeyedHash& value) const noexcept {
    return static_cast<std::size_t>(value.low);
  }
};
