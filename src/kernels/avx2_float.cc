// AVX2 products of weights that are floats.
#include "kernels/avx2_products.h"
#include "kernels/avx2_vector.h"
#include "kernels/float_tiles.h"

namespace nearside::kernels {

constinit const Product kAvx2F32 = {.name = "rows, avx2 fma",
                                    .multiply = multiply_floats<Avx2Vector, LoadF32<Avx2Vector>>};
constinit const Product kAvx2F16 = {.name = "rows, avx2 fma",
                                    .multiply = multiply_floats<Avx2Vector, LoadF16<Avx2Vector>>};
constinit const Product kAvx2BF16 = {.name = "rows, avx2 fma",
                                     .multiply = multiply_floats<Avx2Vector, LoadBF16<Avx2Vector>>};

}  // namespace nearside::kernels
