// A checkpoint as a GGUF file.
#pragma once

#include <functional>

#include "base/result.h"
#include "convert/checkpoint.h"
#include "gguf/tensor_type.h"
#include "gguf/writer.h"

namespace nearside::convert {

struct ImportOptions {
  /// Of matrices; norms and biases are F32. kF32, kF16 or kBF16; quantise afterwards.
  gguf::TensorType type = gguf::TensorType::kBF16;
  /// Called when a tensor is done, with the count of all tensors.
  std::function<void(std::size_t done, std::size_t count)> progress;
};

/// Declares everything in `writer`; the tensors are read and converted when it writes, a row at a
/// time. The checkpoint and the options must live until then.
/// Errors: kUnsupported (a model_type, tensor or setting that is not known, named), kCorrupt (a
/// tensor that is missing or has another shape than config.json says), those of families.h and
/// tokenizer_json.h.
base::Status import_checkpoint(const Checkpoint& checkpoint, const ImportOptions& options,
                               gguf::Writer& writer);

}  // namespace nearside::convert
