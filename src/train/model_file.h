// Trained weights into a GGUF file, and such a file's weights back.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/tensor_type.h"
#include "gguf/writer.h"
#include "train/layout.h"

namespace nearside::train {

struct ModelIdentity {
  std::string name;
  std::string description;
  std::string license = "apache-2.0";
};

/// Adds the keys of architecture `llama` and every weight to `writer`: gains as F32, matrices as
/// `type`. `weights` must outlive the writer. REQUIRES: a type that can be quantised to, whose
/// blocks divide the shape's dims.
void add_model(const Layout& layout, const std::vector<float>& weights, gguf::TensorType type,
               const ModelIdentity& identity, gguf::Writer& writer);

/// The shape of a file of architecture `llama`.
/// Errors: kUnsupported (another architecture, rope scaling), kNotFound or kCorrupt (a key).
base::Result<ModelShape> read_shape(const gguf::File& file);

/// Its weights as f32, [layout.size].
/// Errors: kNotFound (a tensor), kCorrupt (another shape), kUnsupported (a type).
base::Result<std::vector<float>> read_weights(const gguf::File& file, const Layout& layout);

}  // namespace nearside::train
