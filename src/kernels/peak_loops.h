// The innermost loops of peak.h, one set for each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearside::kernels {

/// Runs `rounds` and returns how many operations those were.
using PeakLoop = double (*)(std::uint64_t rounds);

struct PeakLoops {
  PeakLoop int8;
  PeakLoop f32;
  /// Reads every byte once; the value depends on all of them. REQUIRES: a multiple of 256 bytes.
  std::uint64_t (*read)(const std::byte* data, std::size_t bytes);
};

PeakLoops scalar_peak_loops();
/// REQUIRES: the processor has the instruction set (tables.h).
PeakLoops avx2_peak_loops();
PeakLoops avx512_peak_loops();

}  // namespace nearside::kernels
