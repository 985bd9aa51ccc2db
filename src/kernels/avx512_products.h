// The products of the AVX-512 table, each defined in the file of its family.
#pragma once

#include "kernels/product.h"

namespace nearside::kernels {

extern const Product kAvx512F32;   // avx512_float.cc
extern const Product kAvx512F16;   // avx512_float.cc
extern const Product kAvx512BF16;  // avx512_float.cc
extern const Product kAvx512Q4_0;  // avx512_blocks32.cc
extern const Product kAvx512Q8_0;  // avx512_blocks32.cc
extern const Product kAvx512Q4_K;  // avx512_q45_k.cc
extern const Product kAvx512Q5_K;  // avx512_q45_k.cc
extern const Product kAvx512Q6_K;  // avx512_q6_k.cc

struct Table;
const Table* avx512_functions();  // as tables.h says, which this side must not include

}  // namespace nearside::kernels
