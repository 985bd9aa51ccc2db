// Splits independent items over the threads of a pool.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/thread_pool.h"

namespace nearside::model {

/// Calls task(index, worker) once for each index below `count`. Each worker takes one contiguous
/// run of indices, so neighbours share caches. A single item stays on the caller's thread: waking
/// the others costs more than it saves.
template <typename Task>
void for_each_index(base::ThreadPool& pool, std::size_t count, const Task& task) {
  if (count <= 1 || pool.size() == 1) {
    for (std::size_t i = 0; i < count; ++i) task(i, std::size_t{0});
    return;
  }
  const std::size_t share = (count + pool.size() - 1) / pool.size();
  pool.run([&](std::size_t worker) {
    const std::size_t end = std::min(count, (worker + 1) * share);
    for (std::size_t i = worker * share; i < end; ++i) task(i, worker);
  });
}

}  // namespace nearside::model
