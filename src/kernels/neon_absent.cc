// Stands in for the NEON files on processors of another family.
#include "kernels/tables.h"

namespace nearside::kernels {

const Table* neon_functions() { return nullptr; }

}  // namespace nearside::kernels
