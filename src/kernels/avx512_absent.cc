// Stands in for the AVX-512 files on processors of another family.
#include "kernels/peak_loops.h"
#include "kernels/tables.h"

namespace nearside::kernels {

const Table* avx512_functions() { return nullptr; }
const Table* avx512_bf16_functions() { return nullptr; }

PeakLoops avx512_peak_loops() { return scalar_peak_loops(); }

}  // namespace nearside::kernels
