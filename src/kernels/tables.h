// Which tables there are, which of them run on this processor, and which is best.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kernels/table.h"

namespace nearside::kernels {

/// What the processor and its operating system offer, of what any table uses.
struct CpuFeatures {
  bool avx2 = false;    // with FMA and F16C
  bool avx512 = false;  // F, BW, VL, DQ and VNNI
  bool avx512_bf16 = false;
  bool neon_dot = false;  // ARMv8 with the dot-product instructions
};
CpuFeatures detect_cpu_features();

/// Always there.
const Table& scalar_table();
/// Null where this build is for another family of processors. Whether the table runs here is for
/// available_tables() to say: the files that define these are compiled for their instruction set
/// and must not be asked anything before that is known.
const Table* avx2_functions();
const Table* avx512_functions();
const Table* avx512_bf16_functions();
const Table* neon_functions();
/// Those that run here, slowest first.
std::span<const Table* const> available_tables();
/// The fastest that runs here.
const Table& best_table();
/// By name; null when there is no such table or it does not run here.
const Table* find_table(std::string_view name);
/// Several lines for a person: the table, what the processor offers, the product of each type.
std::string describe(const Table& table);

}  // namespace nearside::kernels
