#include "train/trainer.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"

namespace nearside::train {
namespace {

constexpr std::size_t kEvaluationShard = 8;  // sequences

}  // namespace

Trainer::Trainer(const Layout& layout, const TrainerOptions& options, std::vector<float> weights,
                 std::span<const Example> examples, base::ThreadPool& pool)
    : layout_(layout),
      options_(options),
      examples_(examples),
      pool_(pool),
      weights_(std::move(weights)),
      adamw_(layout, options.adamw),
      order_(examples.size(), options.batch, options.seed) {
  CHECK(!examples.empty() && options.batch > 0 && options.shards > 0);
  CHECK(weights_.size() == layout.size);
  for (std::size_t i = 0; i < pool.size(); ++i)
    transformers_.push_back(std::make_unique<Transformer>(layout, *options.products));
  gradients_.assign(std::min(options.shards, options.batch), std::vector<float>(layout.size));
}

StepReport Trainer::step() {
  const std::vector<std::size_t> chosen = order_.at(steps_done_);
  std::vector<std::vector<const Example*>> parts(gradients_.size());
  for (std::size_t i = 0; i < chosen.size(); ++i)
    parts[i % parts.size()].push_back(&examples_[chosen[i]]);
  std::vector<Shard> shards;
  StepReport report;
  std::size_t targets = 0;
  for (const auto& part : parts) {
    shards.push_back(make_shard(part));
    targets += shards.back().targets.size();
    report.tokens += shards.back().tokens.size();
  }
  const float scale = 1.0F / static_cast<float>(targets);

  std::vector<double> losses(shards.size());
  std::atomic<std::size_t> next{0};
  pool_.run([&](std::size_t worker) {
    for (std::size_t i = next.fetch_add(1); i < shards.size(); i = next.fetch_add(1)) {
      losses[i] = transformers_[worker]->forward(weights_.data(), shards[i], scale).loss_sum;
      transformers_[worker]->backward(weights_.data(), shards[i], gradients_[i].data());
    }
  });
  for (const double loss : losses) report.loss += loss / static_cast<double>(targets);
  report.step = steps_done_;
  report.rate = learning_rate(options_.adamw, steps_done_);
  report.gradient_norm = adamw_.step(steps_done_, gradients_, weights_, pool_);
  ++steps_done_;
  return report;
}

Evaluation Trainer::evaluate(std::span<const Example> examples, std::vector<bool>* exact) {
  const std::size_t shard_count = (examples.size() + kEvaluationShard - 1) / kEvaluationShard;
  std::vector<double> losses(shard_count);
  std::vector<char> is_exact(examples.size());  // not vector<bool>: threads write neighbours
  std::atomic<std::size_t> next{0};
  pool_.run([&](std::size_t worker) {
    for (std::size_t i = next.fetch_add(1); i < shard_count; i = next.fetch_add(1)) {
      const std::size_t first = i * kEvaluationShard;
      const std::size_t count = std::min(kEvaluationShard, examples.size() - first);
      std::vector<const Example*> part;
      for (std::size_t j = 0; j < count; ++j) part.push_back(&examples[first + j]);
      const Shard shard = make_shard(part);
      const auto hit = std::make_unique<bool[]>(shard.targets.size());
      losses[i] = transformers_[worker]->forward(weights_.data(), shard, 1.0F, hit.get()).loss_sum;
      const bool* at = hit.get();
      for (std::size_t j = 0; j < count; ++j) {
        const std::size_t targets = part[j]->target_count();
        is_exact[first + j] = std::all_of(at, at + targets, [](bool h) { return h; }) ? 1 : 0;
        at += targets;
      }
    }
  });
  Evaluation result;
  std::size_t targets = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    targets += examples[i].target_count();
    result.exact += is_exact[i] != 0 ? 1U : 0U;
    if (exact != nullptr) exact->push_back(is_exact[i] != 0);
  }
  for (const double loss : losses) result.loss += loss / static_cast<double>(targets);
  result.examples = examples.size();
  return result;
}

void Trainer::restore(std::size_t steps_done, std::vector<float> weights, std::vector<float> first,
                      std::vector<float> second) {
  CHECK(weights.size() == layout_.size && first.size() == layout_.size &&
        second.size() == layout_.size);
  steps_done_ = steps_done;
  weights_ = std::move(weights);
  adamw_.first = std::move(first);
  adamw_.second = std::move(second);
}

}  // namespace nearside::train
