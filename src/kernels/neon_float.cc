// NEON products of weights that are floats.
#include "kernels/float_tiles.h"
#include "kernels/neon_products.h"
#include "kernels/neon_vector.h"

namespace nearside::kernels {

constinit const Product kNeonF32 = {.name = "rows, neon fma",
                                    .multiply = multiply_floats<NeonVector, LoadF32<NeonVector>>};
constinit const Product kNeonF16 = {.name = "rows, neon fma",
                                    .multiply = multiply_floats<NeonVector, LoadF16<NeonVector>>};
constinit const Product kNeonBF16 = {.name = "rows, neon fma",
                                     .multiply = multiply_floats<NeonVector, LoadBF16<NeonVector>>};

}  // namespace nearside::kernels
