#include "kernels/attention_tiles.h"
#include "kernels/avx2_products.h"
#include "kernels/avx2_vector.h"

namespace nearside::kernels {

constinit const AttentionFunctions kAvx2Attention =
    Attention<Avx2Vector, FloatPairs<Avx2Vector>>::functions();

}  // namespace nearside::kernels
