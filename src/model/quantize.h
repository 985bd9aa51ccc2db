// Rewrites a model file with its matrices in other number formats.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/result.h"
#include "base/thread_pool.h"
#include "gguf/file.h"
#include "gguf/writer.h"
#include "model/quantize_recipe.h"

namespace nearside::model {

struct QuantizeOptions {
  /// Quantising what is quantised already loses quality twice: only when asked for.
  bool allow_requantize = false;
  /// Called when a tensor is done, with the count of all tensors.
  std::function<void(std::size_t done, std::size_t count)> progress;
};

/// Declares all metadata and tensors of `file` in `writer`; the work is done when `writer` writes.
/// `file`, `pool` and the options must live until then. Memory stays at one tensor.
/// Errors: kUnsupported (a type without a reader or writer here; quantised already), kCorrupt.
base::Status quantize(const gguf::File& file, const QuantizeRecipe& recipe,
                      const QuantizeOptions& options, base::ThreadPool& pool, gguf::Writer& writer);

}  // namespace nearside::model
