#include "kernels/panels.h"

#include <cstring>

#include "kernels/format.h"
#include "kernels/half.h"
#include "kernels/k_scales.h"

namespace nearside::kernels {

namespace {

std::size_t panel_count(std::size_t rows) { return (rows + kPanelRows - 1) / kPanelRows; }

/// Bytes of a panel whose groups of all blocks come first and whose f16 scales follow.
std::size_t split_panel_bytes(std::size_t columns, std::size_t block_group_bytes) {
  const std::size_t blocks = columns / 32;
  const std::size_t bytes = blocks * (block_group_bytes + kPanelRows * 2);
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
                   for (std::size_t g = 0; g < 4; ++g)
                     std::memcpy(lane_of(panel, 4 * b + g, lane), source + 2 + 4 * g, 4);
                 });
}

std::size_t q8_0_panel_bytes(std::size_t rows, std::size_t columns) {
  return panel_count(rows) * split_panel_bytes(columns, 8 * kGroupBytes);
}

void pack_q8_0_panels(const Operand& from, std::byte* packed) {
  const std::size_t scales_at = from.columns / 32 * 8 * kGroupBytes;
  for_each_block(from, packed, split_panel_bytes(from.columns, 8 * kGroupBytes),
                 [&](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
                   std::memcpy(panel + scales_at + (b * kPanelRows + lane) * 2, source, 2);
                   for (std::size_t i = 0; i < 32; ++i)
                     lane_of(panel, 8 * b + i / 4, lane)[i % 4] = source[2 + i] ^ std::byte{0x80};
                 });
}

std::size_t q4_k_panel_bytes(std::size_t rows, std::size_t columns) {
  return k_bytes<kQ4_KPanelBlockBytes>(rows, columns);
}

std::size_t q5_k_panel_bytes(std::size_t rows, std::size_t columns) {
  return k_bytes<kQ5_KPanelBlockBytes>(rows, columns);
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

void pack_q6_k_panels(const Operand& from, std::byte* packed) {
  for_each_block(
      from, packed, from.columns / 256 * kQ6_KPanelBlockBytes,
      [](const std::byte* source, std::byte* panel, std::size_t lane, std::size_t b) {
        std::byte* const block = panel + b * kQ6_KPanelBlockBytes;
        std::uint16_t half;
        std::memcpy(&half, source + 208, 2);
        const float d = f16_to_f32(half);
        std::memcpy(block + lane * 4, &d, 4);
        for (std::size_t sub = 0; sub < 16; ++sub)
          block[64 + sub * kPanelRows + lane] = source[192 + sub];
        std::byte* const high = block + 64 + 256;
        std::byte* const low = high + 16 * kGroupBytes;
        for (std::size_t i = 0; i < 256; ++i) {
          // Where the file keeps element i: see q6_k.cc.
          const std::size_t quarter = i % 128 / 32;
          const auto low_byte =
              std::to_integer<unsigned>(source[i / 128 * 64 + quarter % 2 * 32 + i % 32]);
          const auto high_byte = std::to_integer<unsigned>(source[128 + i / 128 * 32 + i % 32]);
          const unsigned low_bits = low_byte >> (quarter < 2 ? 0 : 4) & 15;
          const unsigned high_bits = high_byte >> (2 * quarter) & 3;
          const std::size_t group = i / 4;
          lane_of(low, group % 32, lane)[i % 4] |= std::byte(low_bits << (group / 32 * 4));
          lane_of(high, group % 16, lane)[i % 4] |= std::byte(high_bits << (group / 16 * 2));
        }
      });
}

}  // namespace nearside::kernels
