#include "kernels/panels.h"

#include <cstring>

#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/k_scales.h"
#include "kernels/q6_k_block.h"

namespace nearside::kernels {

namespace {

std::size_t panel_count(std::size_t rows) { return (rows + kPanelRows - 1) / kPanelRows; }

/// Bytes of a panel whose groups of all blocks come first and whose scales follow, of so many bytes
/// a row and block.
std::size_t split_panel_bytes(std::size_t columns, std::size_t block_group_bytes,
                              std::size_t scale_bytes = 2) {
  const std::size_t blocks = columns / 32;
  const std::size_t bytes = blocks * (block_group_bytes + kPanelRows * scale_bytes);
  return (bytes + kGroupBytes - 1) / kGroupBytes * kGroupBytes;
}

/// Lane `lane` of group `group`.
std::byte* lane_of(std::byte* groups, std::size_t group, std::size_t lane) {
  return groups + group * kGroupBytes + lane * 4;
}

/// Calls pack_block(block in the file, panel, lane, block index) for every block of every row.
template <typename PackBlock>
void for_each_block(const Operand& from, std::byte* packed, std::size_t panel_bytes,
                    PackBlock pack_block) {
  std::memset(packed, 0, panel_count(from.rows) * panel_bytes);
  const std::size_t blocks = from.columns / from.format->block_elements;
  const std::byte* source = from.data;
  for (std::size_t row = 0; row < from.rows; ++row) {
    std::byte* const panel = packed + row / kPanelRows * panel_bytes;
    for (std::size_t block = 0; block < blocks; ++block, source += from.format->block_bytes)
      pack_block(source, panel, row % kPanelRows, block);
  }
}

/// Whether the f16 at the block's start is zero. Its weights are then packed as zeros too, because
/// a kernel that scales by adding to exponents (activations.h) would not get zero from them.
bool scale_is_zero(const std::byte* block) {
  std::uint16_t half;
  std::memcpy(&half, block, 2);
  return (half & 0x7fffu) == 0;
}

/// The twelve bytes of a row's scales, minima reordered so that (bytes & 0x00ff00ff) are the minima
/// of sub-blocks 0 and 1 as 16-bit integers, and shifted by 8 those of 2 and 3.
void pack_row_scales(const std::byte* from, std::byte* scales, std::size_t lane) {
  std::uint8_t bytes[12];
  std::memcpy(bytes, from, sizeof bytes);
  KScales values = unpack_k_scales(bytes);
  for (std::size_t half = 0; half < 8; half += 4) {
    const std::uint8_t second = values.minimum[half + 1];
    values.minimum[half + 1] = values.minimum[half + 2];
    values.minimum[half + 2] = second;
  }
  pack_k_scales(values, bytes);
  for (std::size_t i = 0; i < 3; ++i)
    std::memcpy(scales + i * kGroupBytes + lane * 4, bytes + 4 * i, 4);
}

template <std::size_t kBlockBytes>
std::size_t k_bytes(std::size_t rows, std::size_t columns) {
  return panel_count(rows) * (columns / 256) * kBlockBytes;
}

}  // namespace

std::size_t q4_0_panel_bytes(std::size_t rows, std::size_t columns) {
  return panel_count(rows) * split_panel_bytes(columns, 4 * kGroupBytes);
}

void pack_q4_0_panels(const Operand& from, std::byte* packed) {
  const std::size_t scales_at = from.columns / 32 * 4 * kGroupBytes;
  for_each_block(from, packed, split_panel_bytes(from.columns, 4 * kGroupBytes),
                 [&](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
                   std::memcpy(panel + scales_at + (b * kPanelRows + lane) * 2, source, 2);
                   std::byte weights[16];
                   std::memcpy(weights, source + 2, sizeof weights);
                   if (scale_is_zero(source)) std::memset(weights, 0x88, sizeof weights);
                   for (std::size_t g = 0; g < 4; ++g)
                     std::memcpy(lane_of(panel, 4 * b + g, lane), weights + 4 * g, 4);
                 });
}

std::size_t q8_0_panel_bytes(std::size_t rows, std::size_t columns) {
  return panel_count(rows) * split_panel_bytes(columns, 8 * kGroupBytes);
}

void pack_q8_0_panels(const Operand& from, std::byte* packed) {
  const std::size_t scales_at = from.columns / 32 * 8 * kGroupBytes;
  for_each_block(
      from, packed, split_panel_bytes(from.columns, 8 * kGroupBytes),
      [&](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
        std::memcpy(panel + scales_at + (b * kPanelRows + lane) * 2, source, 2);
        const std::byte mask{static_cast<unsigned char>(scale_is_zero(source) ? 0 : 255)};
        for (std::size_t i = 0; i < 32; ++i)
          lane_of(panel, 8 * b + i / 4, lane)[i % 4] = (source[2 + i] & mask) ^ std::byte{0x80};
      });
}

namespace {

/// 16 bytes of nibbles, element i in the low half of byte i and i + 16 in the high half, as all
/// formats of 32 elements keep them.
void pack_nibbles(const std::byte* nibbles, std::byte* groups, std::size_t lane) {
  for (std::size_t g = 0; g < 4; ++g) std::memcpy(lane_of(groups, g, lane), nibbles + 4 * g, 4);
}

/// The fifth bits of a block's elements: bit g of byte j for column 4g + j.
void pack_fifths(const std::byte* fifths, std::byte* group, std::size_t lane) {
  std::uint32_t bits;
  std::memcpy(&bits, fifths, 4);  // bit i: element i
  std::uint8_t bytes[4] = {};
  for (std::size_t i = 0; i < 32; ++i)
    bytes[i % 4] = static_cast<std::uint8_t>(bytes[i % 4] | (bits >> i & 1) << (i / 4));
  std::memcpy(lane_of(group, 0, lane), bytes, 4);
}

/// Formats of 32 elements with halves (a scale, perhaps a minimum) first, then fifth bits if they
/// have any, then nibbles.
template <std::size_t kHalves, bool kFifths>
struct SplitPanels {
  static constexpr std::size_t kGroups = kFifths ? 5 : 4;
  static std::size_t one_bytes(std::size_t columns) {
    return split_panel_bytes(columns, kGroups * kGroupBytes, 2 * kHalves);
  }
  static std::size_t bytes(std::size_t rows, std::size_t columns) {
    return panel_count(rows) * one_bytes(columns);
  }
  static void pack(const Operand& from, std::byte* packed) {
    const std::size_t blocks = from.columns / 32;
    for_each_block(from, packed, one_bytes(from.columns),
                   [&](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
                     std::byte* const groups = panel + b * kGroups * kGroupBytes;
                     std::byte* const halves = panel + blocks * kGroups * kGroupBytes;
                     for (std::size_t i = 0; i < kHalves; ++i)
                       std::memcpy(halves + ((i * blocks + b) * kPanelRows + lane) * 2,
                                   source + 2 * i, 2);
                     const std::byte* const bits = source + 2 * kHalves;
                     pack_nibbles(bits + (kFifths ? 4 : 0), groups, lane);
                     if (kFifths) pack_fifths(bits, groups + 4 * kGroupBytes, lane);
                   });
  }
};

}  // namespace

std::size_t q4_1_panel_bytes(std::size_t rows, std::size_t columns) {
  return SplitPanels<2, false>::bytes(rows, columns);
}

void pack_q4_1_panels(const Operand& from, std::byte* packed) {
  SplitPanels<2, false>::pack(from, packed);
}

std::size_t q5_0_panel_bytes(std::size_t rows, std::size_t columns) {
  return SplitPanels<1, true>::bytes(rows, columns);
}

void pack_q5_0_panels(const Operand& from, std::byte* packed) {
  SplitPanels<1, true>::pack(from, packed);
}

std::size_t q5_1_panel_bytes(std::size_t rows, std::size_t columns) {
  return SplitPanels<2, true>::bytes(rows, columns);
}

void pack_q5_1_panels(const Operand& from, std::byte* packed) {
  SplitPanels<2, true>::pack(from, packed);
}

void pack_iq4_nl_panels(const Operand& from, std::byte* packed) {
  SplitPanels<1, false>::pack(from, packed);
}

std::size_t mxfp4_panel_bytes(std::size_t rows, std::size_t columns) {
  return panel_count(rows) * split_panel_bytes(columns, 4 * kGroupBytes, 1);
}

void pack_mxfp4_panels(const Operand& from, std::byte* packed) {
  const std::size_t blocks = from.columns / 32;
  for_each_block(from, packed, split_panel_bytes(from.columns, 4 * kGroupBytes, 1),
                 [&](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
                   panel[blocks * 4 * kGroupBytes + b * kPanelRows + lane] = source[0];
                   pack_nibbles(source + 1, panel + b * 4 * kGroupBytes, lane);
                 });
}

std::size_t q4_k_panel_bytes(std::size_t rows, std::size_t columns) {
  return k_bytes<kQ4_KPanelBlockBytes>(rows, columns);
}

std::size_t q5_k_panel_bytes(std::size_t rows, std::size_t columns) {
  return k_bytes<kQ5_KPanelBlockBytes>(rows, columns);
}

std::size_t q2_k_panel_bytes(std::size_t rows, std::size_t columns) {
  return k_bytes<kQ2_KPanelBlockBytes>(rows, columns);
}

std::size_t q3_k_panel_bytes(std::size_t rows, std::size_t columns) {
  return k_bytes<kQ3_KPanelBlockBytes>(rows, columns);
}

std::size_t q6_k_panel_bytes(std::size_t rows, std::size_t columns) {
  return k_bytes<kQ6_KPanelBlockBytes>(rows, columns);
}

void pack_q4_k_panels(const Operand& from, std::byte* packed) {
  for_each_block(from, packed, from.columns / 256 * kQ4_KPanelBlockBytes,
                 [](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
                   std::byte* const block = panel + b * kQ4_KPanelBlockBytes;
                   std::memcpy(block + lane * 2, source, 2);
                   std::memcpy(block + 32 + lane * 2, source + 2, 2);
                   pack_row_scales(source + 4, block + 64, lane);
                   for (std::size_t g = 0; g < 32; ++g)
                     std::memcpy(lane_of(block + 256, g, lane), source + 16 + 4 * g, 4);
                 });
}

void pack_q5_k_panels(const Operand& from, std::byte* packed) {
  for_each_block(from, packed, from.columns / 256 * kQ5_KPanelBlockBytes,
                 [](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
                   std::byte* const block = panel + b * kQ5_KPanelBlockBytes;
                   std::memcpy(block + lane * 2, source, 2);
                   std::memcpy(block + 32 + lane * 2, source + 2, 2);
                   pack_row_scales(source + 4, block + 64, lane);
                   for (std::size_t g = 0; g < 40; ++g)  // 8 of fifth bits, 32 of the low ones
                     std::memcpy(lane_of(block + 256, g, lane), source + 16 + 4 * g, 4);
                 });
}

namespace {

/// The two low bits of a block's elements, as Q2_K and Q3_K keep them (q2_k.cc), into 16 groups.
void pack_pairs(const std::byte* pairs, std::byte* groups, std::size_t lane) {
  for (std::size_t i = 0; i < 256; ++i) {
    const auto byte = std::to_integer<unsigned>(pairs[i / 128 * 32 + i % 32]);
    const unsigned q = byte >> (i % 128 / 32 * 2) & 3;
    const std::size_t group = i / 4;
    lane_of(groups, group % 16, lane)[i % 4] |= std::byte(q << (group / 16 * 2));
  }
}

}  // namespace

void pack_q2_k_panels(const Operand& from, std::byte* packed) {
  for_each_block(from, packed, from.columns / 256 * kQ2_KPanelBlockBytes,
                 [](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
                   std::byte* const block = panel + b * kQ2_KPanelBlockBytes;
                   std::memcpy(block + lane * 2, source + 80, 2);
                   std::memcpy(block + 32 + lane * 2, source + 82, 2);
                   for (std::size_t sub = 0; sub < 16; ++sub)
                     block[64 + sub * kPanelRows + lane] = source[sub];
                   pack_pairs(source + 16, block + 320, lane);
                 });
}

void pack_q3_k_panels(const Operand& from, std::byte* packed) {
  for_each_block(from, packed, from.columns / 256 * kQ3_KPanelBlockBytes,
                 [](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
                   std::byte* const block = panel + b * kQ3_KPanelBlockBytes;
                   std::uint16_t half;
                   std::memcpy(&half, source + 108, 2);
                   const float d = f16_to_f32(half);
                   std::memcpy(block + lane * 4, &d, 4);
                   const auto scale_byte = [&](std::size_t i) {
                     return std::to_integer<unsigned>(source[96 + i]);
                   };
                   for (std::size_t sub = 0; sub < 16; ++sub) {  // see q3_k.cc
                     const unsigned low = scale_byte(sub % 8) >> (sub / 8 * 4) & 15;
                     const unsigned high = scale_byte(8 + sub % 4) >> (sub / 4 * 2) & 3;
                     block[64 + sub * kPanelRows + lane] =
                         static_cast<std::byte>(static_cast<int>(low | high << 4) - 32);
                   }
                   pack_pairs(source + 32, block + 320, lane);
                   std::byte* const thirds = block + 320 + 16 * kGroupBytes;
                   for (std::size_t i = 0; i < 256; ++i) {
                     const unsigned bit = std::to_integer<unsigned>(source[i % 32]) >> (i / 32) & 1;
                     const std::size_t group = i / 4;
                     lane_of(thirds, group % 8, lane)[i % 4] |=
                         std::byte(bit << (group / 16 * 2 + group % 16 / 8));
                   }
                 });
}

void pack_q6_k_panels(const Operand& from, std::byte* packed) {
  for_each_block(
      from, packed, from.columns / 256 * kQ6_KPanelBlockBytes,
      [](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
        std::byte* const block = panel + b * kQ6_KPanelBlockBytes;
        Q6_KBlock file;
        std::memcpy(&file, source, sizeof file);
        const float d = f16_to_f32(file.d);
        std::memcpy(block + lane * 4, &d, 4);
        for (std::size_t sub = 0; sub < 16; ++sub)
          block[64 + sub * kPanelRows + lane] = static_cast<std::byte>(file.scales[sub]);
        std::byte* const high = block + 64 + 256;
        std::byte* const low = high + 16 * kGroupBytes;
        for (std::size_t i = 0; i < 256; ++i) {
          const auto q = static_cast<unsigned>(file.get(i));
          const std::size_t group = i / 4;
          lane_of(low, group % 32, lane)[i % 4] |= std::byte((q & 15) << (group / 32 * 4));
          lane_of(high, group % 16, lane)[i % 4] |= std::byte((q >> 4) << (group / 16 * 2));
        }
      });
}

}  // namespace nearside::kernels
