// How fast this machine reads memory: the roof under which a model generates.
#pragma once

#include "base/thread_pool.h"

namespace nearside::cli {

/// Bytes a second that all threads of the pool read together, the best of several passes over a
/// buffer far larger than any cache. Takes about a second.
double measure_read_bandwidth(base::ThreadPool& pool);

}  // namespace nearside::cli
