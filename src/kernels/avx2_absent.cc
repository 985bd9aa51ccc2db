// Stands in for avx2.cc on processors of another family.
#include "kernels/tables.h"

namespace nearside::kernels {

const Table* avx2_functions() { return nullptr; }

}  // namespace nearside::kernels
