// The tensors every decoder family names alike in GGUF files; what only one has is read in its own
// file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/hyperparameters.h"
#include "model/tensor_reader.h"
#include "model/transformer.h"

namespace nearside::model {

/// "blk.3.attn_q.weight".
std::string layer_tensor(std::size_t layer, std::string_view name);

/// Embedding, output head (the embedding itself when the file has none), norms, and of each layer
/// the four attention matrices and the three of the feed-forward block (query, key and value, and
/// gate and up, may each be one matrix), or router and experts where the shape has any.
/// Errors: those of TensorReader.
base::Result<TransformerWeights> read_decoder(const Hyperparameters& shape, TensorReader& tensors);

/// The layer's query and key norms, over a head's width.
base::Status read_head_norms(const Hyperparameters& shape, TensorReader& tensors,
                             std::size_t layer_index, Layer& layer);
/// The norms behind each of the layer's two blocks.
base::Status read_post_norms(const Hyperparameters& shape, TensorReader& tensors,
                             std::size_t layer_index, Layer& layer);
/// Biases of query, key and value; empty where the file has none.
base::Status read_attention_biases(const Hyperparameters& shape, TensorReader& tensors,
                                   std::size_t layer_index, Layer& layer);

/// Rotation as the metadata say, with the frequency factors of rope_freqs.weight when present.
base::Result<Rope> read_rope(const Hyperparameters& shape, TensorReader& tensors, RopeStyle style);

/// The model, once every tensor is taken.
std::unique_ptr<Model> finish(const Hyperparameters& shape, TransformerWeights weights,
                              const TensorReader& tensors);

}  // namespace nearside::model
