// The NEON table: its row functions, the quantising of activations, and which product each type
// uses. The products are in the neon_*.cc files.
#include "gguf/tensor_type.h"
#include "kernels/neon_products.h"
#include "kernels/neon_vector.h"
#include "kernels/table.h"
#include "kernels/vector_quantize.h"
#include "kernels/vector_rows.h"

namespace nearside::kernels {

namespace {

struct NeonQuantize {
  static float greatest_magnitude(const float* x, std::size_t n) {
    float32x4_t magnitudes = vdupq_n_f32(0.0f);
    for (std::size_t i = 0; i < n; i += 4)
      magnitudes = NeonVector::max(vabsq_f32(vld1q_f32(x + i)), magnitudes);
    return NeonVector::reduce_max(magnitudes);
  }

  /// `inverse` is one over the scale.
  static void quantize_block(const float* x, std::size_t n, float inverse, std::int8_t* values) {
    for (std::size_t i = 0; i < n; i += 8) {
      const int32x4_t first = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + i), inverse));
      const int32x4_t second = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + i + 4), inverse));
      const int16x8_t words = vcombine_s16(vqmovn_s32(first), vqmovn_s32(second));
      vst1_s8(values + i, vqmovn_s16(words));
    }
  }

  /// The sum of 16 values.
  static std::int32_t sum_of_16(const std::int8_t* values) { return vaddlvq_s8(vld1q_s8(values)); }
};

const Product& product(gguf::TensorType type) {
  switch (type) {
    case gguf::TensorType::kF32:
      return kNeonF32;
    case gguf::TensorType::kF16:
      return kNeonF16;
    case gguf::TensorType::kBF16:
      return kNeonBF16;
    case gguf::TensorType::kQ4_0:
      return kNeonQ4_0;
    case gguf::TensorType::kQ8_0:
      return kNeonQ8_0;
    case gguf::TensorType::kQ4_K:
      return kNeonQ4_K;
    case gguf::TensorType::kQ5_K:
      return kNeonQ5_K;
    case gguf::TensorType::kQ6_K:
      return kNeonQ6_K;
    default:
      return plain_product();
  }
}

constexpr Table make_table() {
  Table table = Rows<NeonVector>::table("neon");
  table.quantize_activations = quantize_activations<NeonQuantize>;
  table.attention = &kNeonAttention;
  table.product = product;
  return table;
}
constexpr Table kTable = make_table();

}  // namespace

const Table* neon_functions() { return &kTable; }

}  // namespace nearside::kernels
