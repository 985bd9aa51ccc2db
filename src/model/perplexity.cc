#include "model/perplexity.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/parallel.h"

namespace nearside::model {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

// Rows of one pass: enough to reuse weights well, few enough that the scores of a vocabulary of
// 262,144 stay within 64 MiB.
constexpr std::size_t kPassTokensMax = 64;

/// -log softmax(logits)[token].
double negative_log_likelihood(std::span<const float> logits, TokenId token) {
  const float most = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - most));
  return std::log(sum) + static_cast<double>(most - logits[static_cast<std::size_t>(token)]);
}

Status check(const Model& model, std::span<const TokenId> tokens,
             const PerplexitySettings& settings) {
  const std::size_t length = settings.context_tokens;
  if (length < 4 || length % 2 != 0 || length > model.hyperparameters().context_tokens)
    return fail(Code::kInvalidArgument,
                "a chunk of {} tokens is not possible: it must be even, at least 4 and at most the "
                "model's context of {}",
                length, model.hyperparameters().context_tokens);
  if (tokens.size() < length)
    return fail(Code::kInvalidArgument, "the text has {} tokens, fewer than one chunk of {}",
                tokens.size(), length);
  return {};
}

class Sums {
 public:
  void add(double value) {
    sum_ += value;
    squares_ += value * value;
    ++count_;
  }
  [[nodiscard]] Perplexity result(std::size_t chunks) const {
    const auto count = static_cast<double>(count_);
    const double mean = sum_ / count;
    const double variance = std::max(0.0, squares_ / count - mean * mean);
    const double perplexity = std::exp(mean);
    return {.perplexity = perplexity,
            .standard_error = perplexity * std::sqrt(variance / std::max(1.0, count - 1.0)),
            .chunks = chunks,
            .tokens_scored = count_};
  }

 private:
  double sum_ = 0.0;
  double squares_ = 0.0;
  std::size_t count_ = 0;
};

}  // namespace

Result<Perplexity> measure_perplexity(Model& model, std::span<const TokenId> tokens,
                                      const PerplexitySettings& settings, kernels::Context& context,
                                      const std::function<void(const Perplexity&)>& progress) {
  if (!model.generates())
    return fail(Code::kUnsupported, "{} makes vectors and predicts no text",
                model.hyperparameters().architecture);
  TRY(check(model, tokens, settings));
  const std::size_t length = settings.context_tokens;
  const std::size_t vocabulary = model.hyperparameters().vocabulary;
  std::size_t chunks = tokens.size() / length;
  if (settings.chunks_max != 0) chunks = std::min(chunks, settings.chunks_max);

  KvCache cache(model.kv_shape(1, length, settings.kv_type));
  std::vector<float> logits;
  std::vector<double> losses;
  Sums sums;
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    const std::span<const TokenId> text = tokens.subspan(chunk * length, length);
    cache.clear(0);
    cache.reserve(0, length);
    for (std::size_t begin = 0; begin < length; begin += kPassTokensMax) {
      Batch batch;
      std::vector<TokenId> targets;
      for (std::size_t at = begin; at < std::min(length, begin + kPassTokensMax); ++at) {
        const bool scored = at >= length / 2 && at + 1 < length;
        batch.push_back({.sequence = 0,
                         .position = static_cast<std::uint32_t>(at),
                         .token = at == 0 && settings.bos >= 0 ? settings.bos : text[at],
                         .wants_logits = scored,
                         .adapter = settings.adapter});
        if (scored) targets.push_back(text[at + 1]);
      }
      logits.resize(targets.size() * vocabulary);
      model.forward(batch, cache, logits, context);
      losses.resize(targets.size());
      for_each_index(context.pool, targets.size(), [&](std::size_t i, std::size_t) {
        losses[i] = negative_log_likelihood(
            std::span<const float>(logits).subspan(i * vocabulary, vocabulary), targets[i]);
      });
      for (const double loss : losses) sums.add(loss);
    }
    const Perplexity so_far = sums.result(chunk + 1);
    if (!std::isfinite(so_far.perplexity))
      return fail(Code::kCorrupt, "chunk {} has a score that is not a number: damaged weights",
                  chunk + 1);
    if (progress) progress(so_far);
  }
  return sums.result(chunks);
}

}  // namespace nearside::model
