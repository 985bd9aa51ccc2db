// Rotary position embeddings: turns pairs of a head's dimensions by an angle that grows with the
// position. Source: https://arxiv.org/abs/2104.09864, section 3.4.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/rope.h"
#include "kernels/table.h"

namespace nearside::model {

/// Which dimensions form a pair.
enum class RopeStyle {
  kInterleaved,  // (0, 1), (2, 3), ...: llama files, whose weights were permuted for it
  kHalves,       // (0, n/2), (1, n/2 + 1), ...: qwen, gemma
};

struct RopeSettings {
  RopeStyle style = RopeStyle::kInterleaved;
  std::size_t dims = 0;  // rotated ones of each head, from the first; even
  float base = 10'000.0F;
  float scale = 1.0F;  // multiplies positions
  /// Divides the frequency of each pair: [dims / 2], or empty. Llama 3 files carry it as
  /// rope_freqs.weight.
  std::vector<float> frequency_factors;
};

/// Immutable; thread-safe.
class Rope {
 public:
  Rope() = default;
  explicit Rope(const RopeSettings& settings);

  /// Cosines and sines of one position. Shape of both: [dims / 2].
  void angles(std::uint32_t position, float* cosines, float* sines) const {
    kernels::rope_angles(position, frequencies_, cosines, sines, scale_);
  }
  /// Turns one head in place. Shapes: head [dims or more]; cosines and sines as from angles().
  void rotate(const kernels::Table& table, const float* cosines, const float* sines,
              float* head) const {
    const auto turn =
        style_ == RopeStyle::kInterleaved ? table.rope_interleaved : table.rope_halves;
    turn(head, frequencies_.size(), cosines, sines);
  }

  [[nodiscard]] std::size_t pairs() const { return frequencies_.size(); }

 private:
  RopeStyle style_ = RopeStyle::kInterleaved;
  double scale_ = 1.0;
  std::vector<double> frequencies_;  // radians a position, for each pair
};

}  // namespace nearside::model
