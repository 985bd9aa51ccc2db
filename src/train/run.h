// A whole training run: steps, validation, checkpoints and the loss curve.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace nearside::train {

struct RunOptions {
  TrainerOptions trainer;
  std::string checkpoint_path;         // empty: none is written, and a kill loses the run
  std::size_t checkpoint_every = 200;  // steps
  /// Ends after this many steps of the schedule (0: after all), as a stage to train on from.
  std::size_t stop_after = 0;
  std::size_t report_every = 20;     // steps: points of the curve, calls of `on_progress`
  std::size_t validate_every = 500;  // steps; and after the last
};

struct Progress {
  CurvePoint point;
  std::size_t steps = 0;         // in all
  double tokens_per_second = 0;  // since the start or the resumption
  double seconds_left = 0;       // at this pace
  bool resumed = false;          // the first call after a checkpoint was read; no step yet
};

struct RunResult {
  std::vector<float> weights;
  std::vector<CurvePoint> curve;
  std::optional<Evaluation> validation;  // after the last step; empty without validation examples
  double seconds = 0;                    // of training, over all resumptions
};

/// Trains from `weights`, or from the checkpoint where there is one. A killed run that is started
/// again with the same arguments ends with the same weights as an unbroken one.
/// Errors: those of save_checkpoint and load_checkpoint (but a missing one is a fresh start).
base::Result<RunResult> run_training(const Layout& layout, std::vector<float> weights,
                                     std::span<const Example> examples,
                                     std::span<const Example> validation, const RunOptions& options,
                                     base::ThreadPool& pool, const base::Clock& clock,
                                     const std::function<void(const Progress&)>& on_progress);

}  // namespace nearside::train
