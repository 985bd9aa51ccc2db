// The AVX2 table: its row functions, the quantising of activations, and which product each type
// uses. The products are in the avx2_*.cc files.
#include "gguf/tensor_type.h"
#include "kernels/avx2_products.h"
#include "kernels/avx2_vector.h"
#include "kernels/table.h"
#include "kernels/vector_quantize.h"
#include "kernels/vector_rows.h"

namespace nearside::kernels {

namespace {

struct Avx2Quantize {
  static float greatest_magnitude(const float* x, std::size_t n) {
    const __m256 without_sign = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    __m256 magnitudes = _mm256_setzero_ps();
    for (std::size_t i = 0; i < n; i += 8)
      magnitudes = _mm256_max_ps(_mm256_and_ps(_mm256_loadu_ps(x + i), without_sign), magnitudes);
    return Avx2Vector::reduce_max(magnitudes);
  }

  /// `inverse` is one over the scale.
  static void quantize_block(const float* x, std::size_t n, float inverse, std::int8_t* values) {
    const __m256 factor = _mm256_set1_ps(inverse);
    for (std::size_t i = 0; i < n; i += 8) {
      const __m256i levels = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), factor));
      const __m128i words =
          _mm_packs_epi32(_mm256_castsi256_si128(levels), _mm256_extracti128_si256(levels, 1));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(values + i), _mm_packs_epi16(words, words));
    }
  }

  /// The sum of 16 values.
  static std::int32_t sum_of_16(const std::int8_t* values) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values));
    const __m128i pairs = _mm_maddubs_epi16(_mm_set1_epi8(1), bytes);
    const __m128i sums = _mm_madd_epi16(pairs, _mm_set1_epi16(1));
    const __m128i halves = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(halves, _mm_shuffle_epi32(halves, 0xb1)));
  }
};

const Product& product(gguf::TensorType type) {
  switch (type) {
    case gguf::TensorType::kF32:
      return kAvx2F32;
    case gguf::TensorType::kF16:
      return kAvx2F16;
    case gguf::TensorType::kBF16:
      return kAvx2BF16;
    case gguf::TensorType::kQ4_0:
      return kAvx2Q4_0;
    case gguf::TensorType::kQ8_0:
      return kAvx2Q8_0;
    case gguf::TensorType::kQ4_K:
      return kAvx2Q4_K;
    case gguf::TensorType::kQ5_K:
      return kAvx2Q5_K;
    case gguf::TensorType::kQ6_K:
      return kAvx2Q6_K;
    default:
      return plain_product();
  }
}

constexpr Table make_table() {
  Table table = Rows<Avx2Vector>::table("avx2");
  table.quantize_activations = quantize_activations<Avx2Quantize>;
  table.attention = &kAvx2Attention;
  table.product = product;
  return table;
}
constexpr Table kTable = make_table();

}  // namespace

const Table* avx2_functions() { return &kTable; }

}  // namespace nearside::kernels
