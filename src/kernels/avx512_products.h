// The products of the AVX-512 table, each defined in the file of its family.
#pragma once

#include "kernels/attention.h"
#include "kernels/product.h"

namespace nearside::kernels {

extern const Product kAvx512F32;     // avx512_float.cc
extern const Product kAvx512F16;     // avx512_float.cc
extern const Product kAvx512BF16;    // avx512_float.cc
extern const Product kAvx512Q4_0;    // avx512_blocks32.cc
extern const Product kAvx512Q8_0;    // avx512_blocks32.cc
extern const Product kAvx512Q4_1;    // avx512_blocks32_more.cc
extern const Product kAvx512Q5_0;    // avx512_blocks32_more.cc
extern const Product kAvx512Q5_1;    // avx512_blocks32_more.cc
extern const Product kAvx512IQ4_NL;  // avx512_blocks32_more.cc
extern const Product kAvx512MXFP4;   // avx512_blocks32_more.cc
extern const Product kAvx512Q4_K;    // avx512_q45_k.cc
extern const Product kAvx512Q5_K;    // avx512_q45_k.cc
extern const Product kAvx512Q2_K;    // avx512_q236_k.cc
extern const Product kAvx512Q3_K;    // avx512_q236_k.cc
extern const Product kAvx512Q6_K;    // avx512_q236_k.cc

extern const AttentionFunctions kAvx512Attention;      // avx512_attention.cc
extern const AttentionFunctions kAvx512Bf16Attention;  // avx512_bf16_attention.cc

struct Table;
const Table* avx512_functions();  // as tables.h says, which this side must not include
const Table* avx512_bf16_functions();

}  // namespace nearside::kernels
