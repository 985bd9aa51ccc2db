// How probable a token was, among all that the model scored.
#pragma once

#include <cstdint>
#include <span>

#include "chat/event.h"
#include "model/batch.h"
#include "text/tokenizer.h"

namespace nearside::engine {

/// As OpenAI's API: at temperature 1, before penalties and bias; ties go to the lower token.
/// `logits` are the model's own [vocabulary]; scores that are no number count for nothing.
/// REQUIRES: logits[token] is finite.
chat::TokenLogprob token_logprob(std::span<const float> logits, model::TokenId token,
                                 std::uint32_t alternatives, const text::Tokenizer& tokenizer);

}  // namespace nearside::engine
