// The f32 tile kernels, one file for each instruction set; sgemm.cc chooses among them.
#pragma once

#include "kernels/sgemm.h"

namespace nearside::kernels {

/// Plain loops, 4 x 16: the reference that the others are tested against.
const SgemmKernel& sgemm_scalar();
/// 6 x 16: twelve accumulators of eight lanes. REQUIRES: a processor with AVX2 and FMA.
const SgemmKernel& sgemm_avx2();
/// 14 x 32: twenty-eight accumulators of sixteen lanes. REQUIRES: a processor with AVX-512F.
const SgemmKernel& sgemm_avx512();

/// 14 x 32 of bfloat16 pairs. REQUIRES: a processor with AVX-512F and AVX512_BF16.
const SgemmKernel& sgemm_avx512_bf16();

}  // namespace nearside::kernels
