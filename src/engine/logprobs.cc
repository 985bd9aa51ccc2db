#include "engine/logprobs.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace nearside::engine {

using model::TokenId;

chat::TokenLogprob token_logprob(std::span<const float> logits, TokenId token,
                                 std::uint32_t alternatives, const text::Tokenizer& tokenizer) {
  float most = logits[static_cast<std::size_t>(token)];
  for (const float logit : logits)
    if (std::isfinite(logit)) most = std::max(most, logit);
  double total = 0.0;
  for (const float logit : logits)
    if (std::isfinite(logit)) total += std::exp(static_cast<double>(logit - most));
  const auto logprob = [&](TokenId id) {
    return static_cast<float>(static_cast<double>(logits[static_cast<std::size_t>(id)] - most) -
                              std::log(total));
  };

  std::vector<TokenId> best;
  best.reserve(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (std::isfinite(logits[i])) best.push_back(static_cast<TokenId>(i));
  const std::size_t count = std::min<std::size_t>(alternatives, best.size());
  std::partial_sort(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(count), best.end(),
                    [&](TokenId a, TokenId b) {
                      const float of_a = logits[static_cast<std::size_t>(a)];
                      const float of_b = logits[static_cast<std::size_t>(b)];
                      return of_a != of_b ? of_a > of_b : a < b;
                    });
  best.resize(count);

  chat::TokenLogprob out{tokenizer.decode(token, true), logprob(token), {}};
  for (const TokenId id : best) out.top.push_back({tokenizer.decode(id, true), logprob(id)});
  return out;
}

}  // namespace nearside::engine
