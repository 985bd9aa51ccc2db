#include "model/workspace.h"

namespace nearside::model {

void Workspace::grow(const Hyperparameters& shape, std::size_t rows, std::size_t ropes) {
  const auto at_least = [](std::vector<float>& buffer, std::size_t size) {
    if (buffer.size() < size) buffer.resize(size);
  };
  at_least(state, rows * shape.embedding);
  at_least(normed, rows * shape.embedding);
  at_least(projected, rows * shape.embedding);
  at_least(query, rows * shape.query_width());
  at_least(key, rows * shape.kv_width());
  at_least(value, rows * shape.kv_width());
  at_least(attended, rows * shape.query_width());
  at_least(gate, rows * shape.ffn);
  at_least(up, rows * shape.ffn);
  at_least(cosines, ropes * rows * shape.rope_dims / 2);
  at_least(sines, ropes * rows * shape.rope_dims / 2);
}

}  // namespace nearside::model
