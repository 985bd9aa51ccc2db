// F32, F16 and BF16: weights as floats, multiplied with activations as they are.
#include <cstring>

#include "kernels/format.h"
#include "kernels/half.h"

namespace nearside::kernels {

namespace {

float identity(float value) { return value; }

template <typename Stored>
Stored load(const std::byte* row, std::size_t index) {
  Stored value;
  std::memcpy(&value, row + index * sizeof(Stored), sizeof value);
  return value;
}

template <typename Stored, float (*kWiden)(Stored)>
void dequantize(const std::byte* row, std::size_t columns, float* out) {
  for (std::size_t c = 0; c < columns; ++c) out[c] = kWiden(load<Stored>(row, c));
}

template <typename Stored, Stored (*kNarrow)(float)>
void quantize(const float* in, std::size_t columns, std::byte* row) {
  for (std::size_t c = 0; c < columns; ++c) {
    const Stored value = kNarrow(in[c]);
    std::memcpy(row + c * sizeof(Stored), &value, sizeof value);
  }
}

/// Eight partial sums: the error of one long sum would grow with the number of columns.
template <typename Stored, float (*kWiden)(Stored)>
float dot(const std::byte* row, const Activations& x, std::size_t token) {
  const float* values = x.floats + token * x.columns;
  float partial[8] = {};
  for (std::size_t c = 0; c < x.columns; ++c)
    partial[c % 8] += kWiden(load<Stored>(row, c)) * values[c];
  return ((partial[0] + partial[4]) + (partial[2] + partial[6])) +
         ((partial[1] + partial[5]) + (partial[3] + partial[7]));
}

template <typename Stored, float (*kWiden)(Stored), Stored (*kNarrow)(float)>
constexpr Format float_format(gguf::TensorType type, std::string_view name) {
  return {
      .type = type,
      .name = name,
      .block_elements = 1,
      .block_bytes = sizeof(Stored),
      .activation = ActivationKind::kF32,
      .dequantize_row = dequantize<Stored, kWiden>,
      .quantize_row = quantize<Stored, kNarrow>,
      .dot = dot<Stored, kWiden>,
      .wider = {},
  };
}

}  // namespace

extern const Format kF32Format, kF16Format, kBF16Format;
const Format kF32Format = float_format<float, identity, identity>(gguf::TensorType::kF32, "F32");
const Format kF16Format =
    float_format<std::uint16_t, f16_to_f32, f32_to_f16>(gguf::TensorType::kF16, "F16");
const Format kBF16Format =
    float_format<std::uint16_t, bf16_to_f32, f32_to_bf16>(gguf::TensorType::kBF16, "BF16");

}  // namespace nearside::kernels
