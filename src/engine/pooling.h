// How a text's vector is made from the states of its tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"

namespace nearside::engine {

enum class Pooling : std::uint8_t {
  kMean,   // of all tokens
  kFirst,  // the first token's, made for it ("CLS")
  kLast,   // the last token's, which has seen all
};

/// Metadata <architecture>.pooling_type, numbered as in llama.cpp (1 mean, 2 CLS, 3 last); kMean
/// where the file says nothing. Errors: kUnsupported (another number: reranking), kCorrupt.
base::Result<Pooling> read_pooling(const gguf::File& file);

/// Collects one text's states in order of position.
class Pool {
 public:
  Pool(Pooling pooling, std::size_t width) : pooling_(pooling), sum_(width, 0.0) {}

  /// Whether the state of the token at `position` of `tokens` is needed.
  [[nodiscard]] bool wants(std::size_t position, std::size_t tokens) const;
  void add(std::span<const float> state);
  /// Of length 1, its first `dimensions` numbers only (0: all) brought to length 1 again.
  /// A text whose states are no numbers has a vector of zeros.
  [[nodiscard]] std::vector<float> vector(std::size_t dimensions) const;

 private:
  Pooling pooling_;
  std::vector<double> sum_;  // only the direction counts: no mean is taken
};

}  // namespace nearside::engine
