#include "engine/request_check.h"

#include <cmath>

#include "engine/sampler.h"

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Status;

Status check_request(const chat::Request& request, std::size_t vocabulary_tokens) {
  TRY(check_sampling(request.sampling));
  if (request.logprobs && *request.logprobs > kLogprobsMax)
    return fail(Code::kInvalidArgument, "logprobs asks for {} tokens, but at most {} are told",
                *request.logprobs, kLogprobsMax);
  if (request.choices < 1 || request.choices > kChoicesMax)
    return fail(Code::kInvalidArgument, "choices is {}, but must lie between 1 and {}",
                request.choices, kChoicesMax);
  if (request.logit_bias.size() > kLogitBiasMax)
    return fail(Code::kInvalidArgument, "logit_bias names {} tokens, but at most {} may be",
                request.logit_bias.size(), kLogitBiasMax);
  for (const auto& [token, bias] : request.logit_bias) {
    if (token < 0 || static_cast<std::size_t>(token) >= vocabulary_tokens)
      return fail(Code::kInvalidArgument, "logit_bias names token {}, but the model has {} tokens",
                  token, vocabulary_tokens);
    if (!std::isfinite(bias))
      return fail(Code::kInvalidArgument, "logit_bias of token {} is not a number", token);
  }
  return {};
}

}  // namespace nearside::engine
