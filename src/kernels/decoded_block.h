// What all block formats come down to: small integers q in sub-blocks, each worth
// scale * q - minimum. A format says how one of its blocks is decoded and quantized; block_format()
// makes the rest of it.
//
// Only plain C++ files include this (see half.h for why).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "kernels/activations.h"
#include "kernels/format.h"

namespace nearside::kernels {

template <std::size_t kElements, std::size_t kSubElements>
struct DecodedBlock {
  static constexpr std::size_t kElementCount = kElements;
  static constexpr std::size_t kSubElementCount = kSubElements;
  static constexpr std::size_t kSubCount = kElements / kSubElements;
  std::array<std::int8_t, kElements> q;
  std::array<float, kSubCount> scale;
  std::array<float, kSubCount> minimum{};  // stays zero in formats without one
};

template <typename Decoded>
constexpr ActivationKind activation_kind() {
  return Decoded::kElementCount == 32 ? ActivationKind::kBlock32 : ActivationKind::kBlock256;
}

/// `decode(const Block&, Decoded&)` of one format.
template <typename Block, typename Decoded, void (*kDecode)(const Block&, Decoded&)>
void dequantize_blocks(const std::byte* row, std::size_t columns, float* out) {
  Decoded decoded;
  for (std::size_t c = 0; c < columns; c += Decoded::kElementCount, row += sizeof(Block)) {
    Block block;
    std::memcpy(&block, row, sizeof block);
    kDecode(block, decoded);
    for (std::size_t i = 0; i < Decoded::kElementCount; ++i) {
      const std::size_t sub = i / Decoded::kSubElementCount;
      out[c + i] = decoded.scale[sub] * static_cast<float>(decoded.q[i]) - decoded.minimum[sub];
    }
  }
}

/// Integer products within a sub-block, then f32: sum over blocks of x.scale * (sum over
/// sub-blocks of scale * (q . x) - minimum * sum(x)).
template <typename Block, typename Decoded, void (*kDecode)(const Block&, Decoded&)>
float dot_blocks(const std::byte* row, const Activations& x, std::size_t token) {
  constexpr ActivationKind kKind = activation_kind<Decoded>();
  constexpr std::size_t kSums = Decoded::kSubElementCount / sum_columns(kKind);
  const std::int8_t* values = x.values + token * x.value_stride;
  const float* scales = x.scales + token * (x.columns / scale_columns(kKind));
  const std::int32_t* sums = x.sums + token * (x.columns / sum_columns(kKind));
  Decoded decoded;
  float total = 0;
  for (std::size_t c = 0; c < x.columns; c += Decoded::kElementCount, row += sizeof(Block)) {
    Block block;
    std::memcpy(&block, row, sizeof block);
    kDecode(block, decoded);
    float partial = 0;
    for (std::size_t sub = 0; sub < Decoded::kSubCount; ++sub) {
      std::int32_t products = 0;
      for (std::size_t i = sub * Decoded::kSubElementCount;
           i < (sub + 1) * Decoded::kSubElementCount; ++i)
        products += decoded.q[i] * values[c + i];
      std::int32_t sum = 0;
      for (std::size_t i = 0; i < kSums; ++i) sum += *sums++;
      partial += decoded.scale[sub] * static_cast<float>(products) -
                 decoded.minimum[sub] * static_cast<float>(sum);
    }
    total += partial * *scales++;
  }
  return total;
}

/// `quantize(x)` of one format: the block that says x [Decoded::kElementCount].
template <typename Block, typename Decoded, Block (*kQuantize)(const float*)>
void quantize_blocks(const float* in, std::size_t columns, std::byte* row) {
  for (std::size_t c = 0; c < columns; c += Decoded::kElementCount, row += sizeof(Block)) {
    const Block block = kQuantize(in + c);
    std::memcpy(row, &block, sizeof block);
  }
}

template <typename Block, typename Decoded, void (*kDecode)(const Block&, Decoded&),
          Block (*kQuantize)(const float*)>
constexpr Format block_format(gguf::TensorType type, std::string_view name,
                              Format::Wider wider = {}) {
  return {.type = type,
          .name = name,
          .block_elements = Decoded::kElementCount,
          .block_bytes = sizeof(Block),
          .activation = activation_kind<Decoded>(),
          .dequantize_row = dequantize_blocks<Block, Decoded, kDecode>,
          .quantize_row = quantize_blocks<Block, Decoded, kQuantize>,
          .dot = dot_blocks<Block, Decoded, kDecode>,
          .wider = wider};
}

}  // namespace nearside::kernels
