#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model::TokenId;

namespace {

// Longer than any context we serve; bounds the memory of a request.
constexpr std::uint32_t kPenaltyWindowTokensMax = 1U << 20U;

bool better(float logit_a, TokenId a, float logit_b, TokenId b) {
  return logit_a != logit_b ? logit_a > logit_b : a < b;
}

}  // namespace

Status check_sampling(const chat::Sampling& sampling) {
  const auto within = [](float value, float least, float most) {
    return value >= least && value <= most;  // false for not-a-number
  };
  if (!within(sampling.temperature, 0.0F, 100.0F))
    return fail(Code::kInvalidArgument, "temperature is {}, but must lie between 0 and 100",
                sampling.temperature);
  if (!within(sampling.top_p, 0.0F, 1.0F))
    return fail(Code::kInvalidArgument, "top_p is {}, but must lie between 0 and 1",
                sampling.top_p);
  if (!within(sampling.min_p, 0.0F, 1.0F))
    return fail(Code::kInvalidArgument, "min_p is {}, but must lie between 0 and 1",
                sampling.min_p);
  if (!within(sampling.repetition_penalty, 1e-3F, 1e3F))
    return fail(Code::kInvalidArgument,
                "repetition_penalty is {}, but must lie between 0.001 and 1000",
                sampling.repetition_penalty);
  if (!within(sampling.frequency_penalty, -100.0F, 100.0F))
    return fail(Code::kInvalidArgument, "frequency_penalty is {}, but must lie within 100 of 0",
                sampling.frequency_penalty);
  if (!within(sampling.presence_penalty, -100.0F, 100.0F))
    return fail(Code::kInvalidArgument, "presence_penalty is {}, but must lie within 100 of 0",
                sampling.presence_penalty);
  if (sampling.penalty_window_tokens > kPenaltyWindowTokensMax)
    return fail(Code::kInvalidArgument, "penalty_window_tokens is {}, but at most {} are looked at",
                sampling.penalty_window_tokens, kPenaltyWindowTokensMax);
  return {};
}

Sampler::Sampler(const chat::Sampling& sampling, std::uint64_t seed, Bias bias)
    : sampling_(sampling), random_(seed), bias_(std::move(bias)) {}

void Sampler::accept(TokenId token) {
  if (sampling_.penalty_window_tokens == 0) return;
  if (seen_.size() >= sampling_.penalty_window_tokens) seen_.pop_front();
  seen_.push_back(token);
}

Result<TokenId> Sampler::next(std::span<float> logits) {
  for (const auto& [token, added] : bias_) logits[static_cast<std::size_t>(token)] += added;
  penalise(logits);
  std::size_t best = logits.size();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!std::isfinite(logits[i]))
      logits[i] = -std::numeric_limits<float>::infinity();
    else if (best == logits.size() || logits[i] > logits[best])
      best = i;
  }
  if (best == logits.size())
    return fail(Code::kCorrupt,
                "the model computed no finite score for any token; its weights "
                "are damaged");
  if (sampling_.temperature == 0.0F || sampling_.top_k == 1) return static_cast<TokenId>(best);

  candidates_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (std::isfinite(logits[i])) candidates_.push_back({static_cast<TokenId>(i), logits[i]});
  keep_top_k();
  keep_top_p();
  keep_min_p();
  return draw();
}

void Sampler::penalise(std::span<float> logits) const {
  if (sampling_.repetition_penalty == 1.0F && sampling_.frequency_penalty == 0.0F &&
      sampling_.presence_penalty == 0.0F)
    return;
  std::unordered_map<TokenId, std::uint32_t> counts;
  for (const TokenId token : seen_) ++counts[token];
  for (const auto& [token, count] : counts) {
    if (static_cast<std::size_t>(token) >= logits.size()) continue;
    float& logit = logits[static_cast<std::size_t>(token)];
    logit =
        logit <= 0.0F ? logit * sampling_.repetition_penalty : logit / sampling_.repetition_penalty;
    logit -= static_cast<float>(count) * sampling_.frequency_penalty + sampling_.presence_penalty;
  }
}

void Sampler::keep_top_k() {
  if (sampling_.top_k == 0 || sampling_.top_k >= candidates_.size()) return;
  const auto order = [](const Candidate& a, const Candidate& b) {
    return better(a.logit, a.token, b.logit, b.token);
  };
  const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(sampling_.top_k);
  std::nth_element(candidates_.begin(), end, candidates_.end(), order);
  candidates_.erase(end, candidates_.end());
}

void Sampler::keep_top_p() {
  if (sampling_.top_p >= 1.0F) return;
  const auto order = [](const Candidate& a, const Candidate& b) {
    return better(a.logit, a.token, b.logit, b.token);
  };
  float most = candidates_.front().logit;
  for (const Candidate& candidate : candidates_) most = std::max(most, candidate.logit);
  double total = 0.0;
  for (const Candidate& candidate : candidates_)
    total += std::exp(static_cast<double>(candidate.logit - most));

  // Sorted only as far as the mass needs: usually a few dozen of a hundred thousand.
  double mass = 0.0;
  std::size_t sorted = 0;
  for (std::size_t kept = 0; kept < candidates_.size(); ++kept) {
    if (kept == sorted) {
      const std::size_t next = std::min(candidates_.size(), std::max<std::size_t>(64, sorted * 4));
      std::partial_sort(candidates_.begin() + static_cast<std::ptrdiff_t>(sorted),
                        candidates_.begin() + static_cast<std::ptrdiff_t>(next), candidates_.end(),
                        order);
      sorted = next;
    }
    mass += std::exp(static_cast<double>(candidates_[kept].logit - most));
    if (mass >= static_cast<double>(sampling_.top_p) * total) {
      candidates_.resize(kept + 1);
      return;
    }
  }
}

void Sampler::keep_min_p() {
  if (sampling_.min_p <= 0.0F) return;
  float most = candidates_.front().logit;
  for (const Candidate& candidate : candidates_) most = std::max(most, candidate.logit);
  // p >= min_p * p_max, in logits.
  const float least = most + std::log(sampling_.min_p);
  std::erase_if(candidates_, [&](const Candidate& c) { return c.logit < least; });
}

TokenId Sampler::draw() {
  // In order of id, so that how far the truncations sorted does not matter.
  if (!std::is_sorted(candidates_.begin(), candidates_.end(),
                      [](const Candidate& a, const Candidate& b) { return a.token < b.token; }))
    std::sort(candidates_.begin(), candidates_.end(),
              [](const Candidate& a, const Candidate& b) { return a.token < b.token; });
  float most = candidates_.front().logit;
  for (const Candidate& candidate : candidates_) most = std::max(most, candidate.logit);
  const auto weight = [&](const Candidate& candidate) {
    return std::exp(static_cast<double>(candidate.logit - most) /
                    static_cast<double>(sampling_.temperature));
  };
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += weight(candidate);
  double left = random_.uniform() * total;
  for (const Candidate& candidate : candidates_) {
    left -= weight(candidate);
    if (left < 0.0) return candidate.token;
  }
  return candidates_.back().token;  // rounding used up the last of the mass
}

}  // namespace nearside::engine
