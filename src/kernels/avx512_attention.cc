#include "kernels/attention_tiles.h"
#include "kernels/avx512_products.h"
#include "kernels/avx512_vector.h"

namespace nearside::kernels {

constinit const AttentionFunctions kAvx512Attention =
    Attention<Avx512Vector, FloatPairs<Avx512Vector>>::functions();

}  // namespace nearside::kernels
