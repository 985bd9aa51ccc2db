#include "kernels/attention_tiles.h"
#include "kernels/neon_products.h"
#include "kernels/neon_vector.h"

namespace nearside::kernels {

constinit const AttentionFunctions kNeonAttention =
    Attention<NeonVector, FloatPairs<NeonVector>>::functions();

}  // namespace nearside::kernels
