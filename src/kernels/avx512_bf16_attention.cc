// Attention in bfloat16 pairs: vdpbf16ps adds both products of a pair to an f32, twice the work of
// an f32 instruction. Queries, keys, weights and values are rounded to 8 significant bits, each
// independently, so that errors of sums average out; scores and sums stay f32.
#include "kernels/attention_tiles.h"
#include "kernels/avx512_products.h"
#include "kernels/avx512_vector.h"

namespace nearside::kernels {

namespace {

struct BfloatPairs {
  static constexpr std::size_t kSplit = 1;
  using Element = std::uint32_t;  // a pair
  static constexpr std::size_t kPairElements = 1;

  static void store_pairs(Element* out, __m512 first, __m512 second) {
    const __m512bh pairs = _mm512_cvtne2ps_pbh(second, first);
    __builtin_memcpy(out, &pairs, sizeof pairs);
  }
  template <typename Load>
  static inline void pack(std::size_t n, Element* out, Load load) {
    std::size_t i = 0;
    for (; i + 32 <= n; i += 32) store_pairs(out + i / 2, load(i), load(i + 16));
    if (i == n) return;
    const __m256bh pairs = _mm512_cvtneps_pbh(load(i));
    __builtin_memcpy(out + i / 2, &pairs, sizeof pairs);
  }
  static __m512 multiply_add(__m512 sum, const Element* pair, const Element* lanes) {
    __m512bh values;
    __builtin_memcpy(&values, lanes, sizeof values);
    const __m512i one = _mm512_set1_epi32(static_cast<int>(*pair));
    __m512bh repeated;
    __builtin_memcpy(&repeated, &one, sizeof repeated);
    return _mm512_dpbf16_ps(sum, repeated, values);
  }
};

}  // namespace

constinit const AttentionFunctions kAvx512Bf16Attention =
    Attention<Avx512Vector, BfloatPairs>::functions();

}  // namespace nearside::kernels
