// Layouts of weights for vector kernels: 16 rows side by side, so that one 32-bit lane holds four
// columns of one row and a register holds them for 16 rows.
//
// A "group" is 64 bytes: lane r (bytes 4r..4r+3) has four consecutive columns of row r. The
// matrix is a sequence of panels; rows past the last are zero. Each panel, its columns in order:
//
// Q4_0   groups: per 32 columns 4 groups, low halves columns 4g.., high halves columns 16 + 4g..;
//        then f16 scales [block, row]; then padding to 64 bytes.
// Q4_1   as Q4_0, with f16 minima [block, row] after the scales. IQ4_NL as Q4_0.
// Q5_0   groups: those of Q4_0, then one of fifth bits (bit g of byte j: column 4g + j); then f16
//        scales, in Q5_1 f16 minima too.
// MXFP4  groups as Q4_0; then exponents [block, row] of 8 bits.
// Q8_0   groups: per 32 columns 8 groups of q + 128 (unsigned); then f16 scales [block, row].
// Q4_K   per 256 columns: f16 d [row], f16 dmin [row], scales [3, row] of 32 bits (PackedKScales),
//        then per pair of sub-blocks 8 groups, low halves the first, high halves the second.
// Q5_K   as Q4_K with 8 groups of fifth bits (bit s for sub-block s) before the others.
// Q6_K   per 256 columns: f32 d [row], scales [sub-block, row] of 8 bits, 16 groups of high bits
//        (bits 2k.. for column group g + 16k), 32 groups of low bits (low halves column group g,
//        high halves g + 32).
// Q3_K   as Q6_K: f32 d, scales - 32, 16 groups of low bits (bits 2k.. for column group g + 16k), 8
//        groups of third bits (bit 2k + h for column group g + 8h + 16k).
// Q2_K   per 256 columns: f16 d [row], f16 dmin [row], scales and minima [sub-block, row] in the
// low
//        and high halves of bytes, 16 groups as Q3_K's first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/product.h"

namespace nearside::kernels {

// `pack` functions fill exactly what the `bytes` functions say.
std::size_t q4_0_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t q8_0_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t q4_k_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t q5_k_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t q2_k_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t q3_k_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t q6_k_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t q4_1_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t q5_0_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t q5_1_panel_bytes(std::size_t rows, std::size_t columns);
std::size_t mxfp4_panel_bytes(std::size_t rows, std::size_t columns);
void pack_q4_0_panels(const Operand& from, std::byte* packed);
void pack_q4_1_panels(const Operand& from, std::byte* packed);
void pack_q5_0_panels(const Operand& from, std::byte* packed);
void pack_q5_1_panels(const Operand& from, std::byte* packed);
void pack_iq4_nl_panels(const Operand& from, std::byte* packed);  // q4_0_panel_bytes
void pack_mxfp4_panels(const Operand& from, std::byte* packed);
void pack_q8_0_panels(const Operand& from, std::byte* packed);
void pack_q4_k_panels(const Operand& from, std::byte* packed);
void pack_q5_k_panels(const Operand& from, std::byte* packed);
void pack_q2_k_panels(const Operand& from, std::byte* packed);
void pack_q3_k_panels(const Operand& from, std::byte* packed);
void pack_q6_k_panels(const Operand& from, std::byte* packed);

/// Bytes, all multiples of 64.
constexpr std::size_t kPanelRows = 16;
constexpr std::size_t kGroupBytes = 64;
constexpr std::size_t kQ4_KPanelBlockBytes = 32 + 32 + 192 + 32 * kGroupBytes;
constexpr std::size_t kQ5_KPanelBlockBytes = 32 + 32 + 192 + 8 * kGroupBytes + 32 * kGroupBytes;
constexpr std::size_t kQ2_KPanelBlockBytes = 32 + 32 + 256 + 16 * kGroupBytes;
constexpr std::size_t kQ3_KPanelBlockBytes = 64 + 256 + 16 * kGroupBytes + 8 * kGroupBytes;
constexpr std::size_t kQ6_KPanelBlockBytes = 64 + 256 + 16 * kGroupBytes + 32 * kGroupBytes;

}  // namespace nearside::kernels
