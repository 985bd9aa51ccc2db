// AVX-512 products of weights that are floats.
#include "kernels/avx512_products.h"
#include "kernels/avx512_vector.h"
#include "kernels/float_tiles.h"

namespace nearside::kernels {

constinit const Product kAvx512F32 = {
    .name = "rows, avx512 fma", .multiply = multiply_floats<Avx512Vector, LoadF32<Avx512Vector>>};
constinit const Product kAvx512F16 = {
    .name = "rows, avx512 fma", .multiply = multiply_floats<Avx512Vector, LoadF16<Avx512Vector>>};
constinit const Product kAvx512BF16 = {
    .name = "rows, avx512 fma", .multiply = multiply_floats<Avx512Vector, LoadBF16<Avx512Vector>>};

}  // namespace nearside::kernels
