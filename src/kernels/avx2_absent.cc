// Stands in for the AVX2 files on processors of another family.
#include "kernels/peak_loops.h"
#include "kernels/tables.h"

namespace nearside::kernels {

const Table* avx2_functions() { return nullptr; }

PeakLoops avx2_peak_loops() { return scalar_peak_loops(); }

}  // namespace nearside::kernels
