// The AVX-512 table: its row functions, the quantising of activations, and which product each type
// uses. The products are in the avx512_*.cc files.
#include "gguf/tensor_type.h"
#include "kernels/avx512_products.h"
#include "kernels/avx512_vector.h"
#include "kernels/table.h"
#include "kernels/vector_quantize.h"
#include "kernels/vector_rows.h"

namespace nearside::kernels {

namespace {

struct Avx512Quantize {
  static float greatest_magnitude(const float* x, std::size_t n) {
    __m512 magnitudes = _mm512_setzero_ps();
    for (std::size_t i = 0; i < n; i += 16)
      magnitudes = _mm512_max_ps(_mm512_abs_ps(_mm512_loadu_ps(x + i)), magnitudes);
    return _mm512_reduce_max_ps(magnitudes);
  }

  /// `inverse` is one over the scale.
  static void quantize_block(const float* x, std::size_t n, float inverse, std::int8_t* values) {
    const __m512 factor = _mm512_set1_ps(inverse);
    for (std::size_t i = 0; i < n; i += 16) {
      const __m512i levels = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i), factor));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(values + i), _mm512_cvtepi32_epi8(levels));
    }
  }

  /// The sum of 16 values.
  static std::int32_t sum_of_16(const std::int8_t* values) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values));
    const __m128i sums = _mm_dpbusd_epi32(_mm_setzero_si128(), _mm_set1_epi8(1), bytes);
    const __m128i halves = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(halves, _mm_shuffle_epi32(halves, 0xb1)));
  }
};

const Product& product(gguf::TensorType type) {
  switch (type) {
    case gguf::TensorType::kF32:
      return kAvx512F32;
    case gguf::TensorType::kF16:
      return kAvx512F16;
    case gguf::TensorType::kBF16:
      return kAvx512BF16;
    case gguf::TensorType::kQ4_0:
      return kAvx512Q4_0;
    case gguf::TensorType::kQ4_1:
      return kAvx512Q4_1;
    case gguf::TensorType::kQ5_0:
      return kAvx512Q5_0;
    case gguf::TensorType::kQ5_1:
      return kAvx512Q5_1;
    case gguf::TensorType::kIQ4_NL:
      return kAvx512IQ4_NL;
    case gguf::TensorType::kMXFP4:
      return kAvx512MXFP4;
    case gguf::TensorType::kQ8_0:
      return kAvx512Q8_0;
    case gguf::TensorType::kQ4_K:
      return kAvx512Q4_K;
    case gguf::TensorType::kQ5_K:
      return kAvx512Q5_K;
    case gguf::TensorType::kQ2_K:
      return kAvx512Q2_K;
    case gguf::TensorType::kQ3_K:
      return kAvx512Q3_K;
    case gguf::TensorType::kQ6_K:
      return kAvx512Q6_K;
    default:
      return plain_product();
  }
}

constexpr Table make_table(const char* name, const AttentionFunctions* attention) {
  Table table = Rows<Avx512Vector>::table(name);
  table.attention = attention;
  table.quantize_activations = quantize_activations<Avx512Quantize>;
  table.product = product;
  return table;
}
constexpr Table kTable = make_table("avx512", &kAvx512Attention);
constexpr Table kBf16Table = make_table("avx512_bf16", &kAvx512Bf16Attention);

}  // namespace

const Table* avx512_functions() { return &kTable; }
const Table* avx512_bf16_functions() { return &kBf16Table; }

}  // namespace nearside::kernels
