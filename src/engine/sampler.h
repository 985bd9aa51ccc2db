// Chooses the next token from a model's scores, as one request asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "chat/request.h"
#include "model/batch.h"
#include "model/random.h"

namespace nearside::engine {

/// Errors: kInvalidArgument, naming the field and what it may be.
base::Status check_sampling(const chat::Sampling& sampling);

/// One for each request: it remembers the tokens seen and owns the request's random numbers, so
/// equal seeds and scores give equal tokens whatever else runs. Not thread-safe.
///
/// Order, as in llama.cpp: bias, penalties, top_k, top_p, min_p, temperature. Truncations look at
/// probabilities before temperature. Ties go to the lower token id.
class Sampler {
 public:
  using Bias = std::vector<std::pair<model::TokenId, float>>;  // tokens and what is added to them

  /// REQUIRES: check_sampling(sampling); the tokens of `bias` are scored.
  Sampler(const chat::Sampling& sampling, std::uint64_t seed, Bias bias = {});

  /// Tells of a token of the prompt or the answer, for the penalties.
  void accept(model::TokenId token);
  /// The next token. `logits` [tokens] is scratch afterwards.
  /// Errors: kCorrupt when no score is a number (broken weights).
  base::Result<model::TokenId> next(std::span<float> logits);

 private:
  struct Candidate {
    model::TokenId token;
    float logit;
  };

  void penalise(std::span<float> logits) const;
  void keep_top_k();
  void keep_top_p();
  void keep_min_p();
  model::TokenId draw();

  chat::Sampling sampling_;
  model::Random random_;
  Bias bias_;
  std::deque<model::TokenId> seen_;  // at most penalty_window_tokens, newest at the back
  std::vector<Candidate> candidates_;
};

}  // namespace nearside::engine
