// The products of the AVX2 table, each defined in the file of its family.
#pragma once

#include "kernels/attention.h"
#include "kernels/product.h"

namespace nearside::kernels {

extern const Product kAvx2F32;   // avx2_float.cc
extern const Product kAvx2F16;   // avx2_float.cc
extern const Product kAvx2BF16;  // avx2_float.cc
extern const Product kAvx2Q4_0;  // avx2_blocks32.cc
extern const Product kAvx2Q8_0;  // avx2_blocks32.cc
extern const Product kAvx2Q4_K;  // avx2_k.cc
extern const Product kAvx2Q5_K;  // avx2_k.cc
extern const Product kAvx2Q6_K;  // avx2_k.cc

extern const AttentionFunctions kAvx2Attention;  // avx2_attention.cc

struct Table;
const Table* avx2_functions();  // as tables.h says, which this side must not include

}  // namespace nearside::kernels
