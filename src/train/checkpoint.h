// A training run on disk, so that a killed run goes on as if nothing had happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace nearside::train {

/// One line of the loss curve.
struct CurvePoint {
  std::size_t step = 0;  // steps done
  double loss = 0;
  double rate = 0;
  double gradient_norm = 0;
  double validation_loss = -1;   // negative: not measured at this step
  double validation_exact = -1;  // fraction
  double seconds = 0;            // of training, over all its runs
};

struct Checkpoint {
  std::uint64_t fingerprint = 0;  // of everything that must be the same to go on
  std::size_t steps_done = 0;
  double seconds = 0;
  std::vector<float> weights;
  std::vector<float> first;
  std::vector<float> second;
  std::vector<CurvePoint> curve;
};

/// Replaces the file in one step: a kill leaves the old checkpoint or the new. Errors: kIo.
base::Status save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// Errors: kNotFound, kIo; kCorrupt (cut short or not ours); kInvalidArgument (of a run with other
/// data, sizes or options than `fingerprint` stands for).
base::Result<Checkpoint> load_checkpoint(const std::string& path, std::uint64_t fingerprint);

/// 64-bit FNV-1a, chained: fingerprint(fingerprint(seed, a), b).
std::uint64_t fingerprint(std::uint64_t so_far, std::string_view bytes);

}  // namespace nearside::train
