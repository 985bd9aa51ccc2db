// What the processor can do at most, measured: the marks a product is compared with.
//
// Call them in the same run as what is compared: clocks and neighbours change from minute to
// minute.
#pragma once

#include <cstddef>
#include <memory>

#include "base/thread_pool.h"

namespace nearside::kernels {

/// Operations a second (a multiplication and an addition are two) of all threads of the pool, with
/// operands in registers; about 20 ms. 8-bit products are those of the widest table that runs here
/// (vpdpbusd with AVX-512 VNNI, vpmaddubsw with AVX2).
double measure_int8_peak(base::ThreadPool& pool);
/// The same for f32 multiply-add.
double measure_f32_peak(base::ThreadPool& pool);

/// Keeps a buffer far larger than the caches (256 MiB), so that asking often costs no page faults.
class ReadProbe {
 public:
  ReadProbe();
  /// Bytes a second that the pool's threads read together; about 30 ms.
  double measure(base::ThreadPool& pool);

 private:
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace nearside::kernels
