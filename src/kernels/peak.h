// What the processor can do at most, measured: the marks a product is compared with.
//
// Call them in the same run as what is compared: clocks and neighbours change from minute to
// minute.
#pragma once

#include "base/thread_pool.h"

namespace nearside::kernels {

/// Operations a second (a multiplication and an addition are two) of all threads of the pool, with
/// operands in registers; about 20 ms. 8-bit products are those of the widest table that runs here
/// (vpdpbusd with AVX-512 VNNI, vpmaddubsw with AVX2).
double measure_int8_peak(base::ThreadPool& pool);
/// The same for f32 multiply-add.
double measure_f32_peak(base::ThreadPool& pool);
/// Bytes a second that the pool's threads read together from a buffer far larger than the caches;
/// allocates 256 MiB for the call; about 100 ms.
double measure_read_bandwidth(base::ThreadPool& pool);

}  // namespace nearside::kernels
