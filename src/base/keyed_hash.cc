#include "base/keyed_hash.h"

#include <bit>
#include <cstring>

namespace nearside::base {

namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  [[nodiscard]] std::uint64_t folded() const { return v0 ^ v1 ^ v2 ^ v3; }
};

}  // namespace

KeyedHash keyed_hash(const HashKey& key, std::string_view bytes) {
  State state{0x736f6d6570736575ULL ^ key.low, 0x646f72616e646f6dULL ^ key.high ^ 0xee,
              0x6c7967656e657261ULL ^ key.low, 0x7465646279746573ULL ^ key.high};
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    state.absorb(word);
  }
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56U;
  for (std::size_t i = 0; at + i < bytes.size(); ++i)
    last |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  state.absorb(last);
  KeyedHash out;
  state.v2 ^= 0xee;
  state.rounds(4);
  out.low = state.folded();
  state.v1 ^= 0xdd;
  state.rounds(4);
  out.high = state.folded();
  return out;
}

}  // namespace nearside::base
