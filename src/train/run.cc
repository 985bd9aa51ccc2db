#include "train/run.h"

#include <algorithm>
#include <chrono>

namespace nearside::train {
namespace {

// Everything that decides the weights: a checkpoint of anything else must not be gone on from.
std::uint64_t fingerprint_of(const Layout& layout, const std::vector<float>& weights,
                             std::span<const Example> examples, const TrainerOptions& options) {
  std::uint64_t sum = 0xCBF29CE484222325ULL;
  const auto add = [&sum](const void* bytes, std::size_t count) {
    sum = fingerprint(sum, {static_cast<const char*>(bytes), count});
  };
  const auto add_number = [&add](double number) { add(&number, sizeof number); };
  const ModelShape& shape = layout.shape;
  for (const std::size_t size :
       {shape.vocabulary, shape.dim, shape.layers, shape.heads, shape.kv_heads, shape.head_dim,
        shape.ffn_dim, shape.context, options.batch, options.shards, options.adamw.steps,
        options.adamw.warmup_steps, std::size_t{options.seed}})
    add_number(static_cast<double>(size));
  const AdamWOptions& adamw = options.adamw;
  for (const float number :
       {shape.rope_base, shape.norm_epsilon, adamw.rate_max, adamw.rate_end_fraction, adamw.beta1,
        adamw.beta2, adamw.epsilon, adamw.weight_decay, adamw.gradient_norm_max})
    add_number(static_cast<double>(number));
  sum = fingerprint(sum, options.products->name);
  add(weights.data(), weights.size() * sizeof(float));
  for (const Example& example : examples) {
    add_number(static_cast<double>(example.answer_begin));
    add(example.tokens.data(), example.tokens.size() * sizeof(std::int32_t));
  }
  return sum;
}

}  // namespace

base::Result<RunResult> run_training(const Layout& layout, std::vector<float> weights,
                                     std::span<const Example> examples,
                                     std::span<const Example> validation, const RunOptions& options,
                                     base::ThreadPool& pool, const base::Clock& clock,
                                     const std::function<void(const Progress&)>& on_progress) {
  const bool keeps = !options.checkpoint_path.empty();
  const std::uint64_t mark = keeps ? fingerprint_of(layout, weights, examples, options.trainer) : 0;
  std::size_t steps = options.trainer.adamw.steps;
  if (options.stop_after != 0) steps = std::min(steps, options.stop_after);
  Trainer trainer(layout, options.trainer, std::move(weights), examples, pool);
  RunResult result;
  double seconds_before = 0;
  if (keeps) {
    base::Result<Checkpoint> loaded = load_checkpoint(options.checkpoint_path, mark);
    if (loaded) {
      trainer.restore(loaded->steps_done, std::move(loaded->weights), std::move(loaded->first),
                      std::move(loaded->second));
      result.curve = std::move(loaded->curve);
      seconds_before = loaded->seconds;
      Progress progress;
      progress.steps = steps;
      progress.point.step = trainer.steps_done();
      progress.resumed = true;
      on_progress(progress);
    } else if (loaded.error().code != base::Code::kNotFound) {
      return std::move(loaded).error();
    }
  }

  const base::SteadyTime started = clock.steady();
  const auto seconds_here = [&] {
    return std::chrono::duration<double>(clock.steady() - started).count();
  };
  const std::size_t first_step = trainer.steps_done();
  std::size_t tokens = 0;
  double loss_sum = 0;
  std::size_t loss_count = 0;
  while (trainer.steps_done() < steps) {
    const StepReport report = trainer.step();
    const std::size_t done = trainer.steps_done();
    tokens += report.tokens;
    loss_sum += report.loss;
    ++loss_count;
    const bool last = done == steps;
    const bool validates = !validation.empty() && (last || done % options.validate_every == 0);
    if (last || validates || done % options.report_every == 0) {
      Progress progress;
      progress.steps = steps;
      progress.point.step = done;
      progress.point.loss = loss_sum / static_cast<double>(loss_count);
      progress.point.rate = static_cast<double>(report.rate);
      progress.point.gradient_norm = report.gradient_norm;
      if (validates) {
        result.validation = trainer.evaluate(validation);
        progress.point.validation_loss = result.validation->loss;
        progress.point.validation_exact = result.validation->exact_fraction();
      }
      const double seconds = seconds_here();
      progress.point.seconds = seconds_before + seconds;
      progress.tokens_per_second = seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
      progress.seconds_left =
          seconds / static_cast<double>(done - first_step) * static_cast<double>(steps - done);
      result.curve.push_back(progress.point);
      loss_sum = 0;
      loss_count = 0;
      on_progress(progress);
    }
    // A resumed run starts its means anew, so checkpoints fall where a point has just been made.
    if (keeps && (last || done % options.checkpoint_every == 0))
      TRY(save_checkpoint(options.checkpoint_path,
                          {mark, done, seconds_before + seconds_here(), trainer.weights(),
                           trainer.optimiser().first, trainer.optimiser().second, result.curve}));
  }
  if (!validation.empty() && !result.validation) result.validation = trainer.evaluate(validation);
  result.weights = trainer.weights();
  result.seconds = seconds_before + seconds_here();
  return result;
}

}  // namespace nearside::train
