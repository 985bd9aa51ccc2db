// The products of the NEON table, each defined in the file of its family.
#pragma once

#include "kernels/attention.h"
#include "kernels/product.h"

namespace nearside::kernels {

extern const Product kNeonF32;   // neon_float.cc
extern const Product kNeonF16;   // neon_float.cc
extern const Product kNeonBF16;  // neon_float.cc
extern const Product kNeonQ4_0;  // neon_blocks32.cc
extern const Product kNeonQ8_0;  // neon_blocks32.cc
extern const Product kNeonQ4_K;  // neon_k.cc
extern const Product kNeonQ5_K;  // neon_k.cc
extern const Product kNeonQ6_K;  // neon_k.cc

extern const AttentionFunctions kNeonAttention;  // neon_attention.cc

struct Table;
const Table* neon_functions();  // as tables.h says, which this side must not include

}  // namespace nearside::kernels
