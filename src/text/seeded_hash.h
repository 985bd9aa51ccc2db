// The hashes of the room's tables, each with a seed.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace nearside::text {

// Bounds of the tables that use these hashes. At the load of one half that the tables keep, a probe
// run of 64 slots does not happen by chance; 8 seeds are more than any honest vocabulary needs.
inline constexpr std::size_t kProbesMax = 64;
inline constexpr std::uint64_t kSeedsTried = 8;

/// Source: MurmurHash3's 64-bit finalizer.
inline std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 33U;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33U;
  value *= 0xc4ceb9fe1a85ec53ULL;
  value ^= value >> 33U;
  return value;
}

/// Eight bytes at a time; the length goes in first, so that zero padding cannot collide.
inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t hash = mix(seed + bytes.size() * 0x9e3779b97f4a7c15ULL);
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    hash = mix(hash ^ word);
  }
  if (at < bytes.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, bytes.size() - at);
    hash = mix(hash ^ word);
  }
  return hash;
}

}  // namespace nearside::text
