// Stands in for avx512.cc on processors of another family.
#include "kernels/tables.h"

namespace nearside::kernels {

const Table* avx512_functions() { return nullptr; }

}  // namespace nearside::kernels
