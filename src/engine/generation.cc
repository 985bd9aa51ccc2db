#include "engine/generation.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/check.h"
#include "engine/logprobs.h"

namespace nearside::engine {

using model::TokenId;

Generation::Generation(GenerationStart start, const chat::Request& request,
                       const text::Tokenizer& tokenizer)
    : reply_(std::move(start.reply)),
      choice_(start.choice),
      tokenizer_(tokenizer),
      spelled_tokens_(start.spelled_tokens),
      limits_(start.limits),
      tokens_(std::move(start.prompt)),
      prompt_tokens_(tokens_.size()),
      priority_(request.priority),
      tenant_(request.tenant),
      arrival_(start.arrival),
      prefix_space_(std::move(start.prefix_space)),
      adapter_(start.adapter),
      pace_(start.guessed_tokens_max),
      logprobs_(request.logprobs),
      sampler_(request.sampling, start.seed, request.logit_bias),
      answer_(start.form, request.stop, choice_) {
  CHECK(!tokens_.empty() && tokens_.size() < limits_.context_tokens_max);
  for (const TokenId token : tokens_) sampler_.accept(token);
  if (start.constraint != nullptr) {
    matcher_.emplace(start.constraint);
    mask_.resize(start.constraint->lexicon().mask_words());
  }
  std::vector<chat::Event> none;  // the mark of a call says nothing by itself
  answer_.push(start.form.begun, std::nullopt, none);
}

void Generation::advance(std::span<float> logits, const Engine::Sink& sink) {
  CHECK(!finished() && pending() == 0);
  if (logprobs_) scores_.assign(logits.begin(), logits.end());
  const bool constrained = matcher_ && !answer_.thinking();
  if (constrained) {
    if (base::Status status = constrain(logits); !status) {
      finished_ = true;
      reply_->fail(std::move(status).error(), sink);
      return;
    }
  }
  base::Result<TokenId> chosen = sampler_.next(logits);
  if (!chosen) {
    finished_ = true;
    reply_->fail(std::move(chosen).error(), sink);
    return;
  }
  const TokenId token = *chosen;
  ++completion_tokens_;
  if (tokenizer_.ends_generation(token)) {
    reply_->count_token(answer_.thinking());
    finish(chat::FinishReason::kStop, sink);
    return;
  }
  if (constrained) CHECK(matcher_->accept(token));
  sampler_.accept(token);
  tokens_.push_back(token);
  std::optional<chat::TokenLogprob> logprob;
  if (logprobs_) logprob = token_logprob(scores_, token, *logprobs_, tokenizer_);
  const bool was_thinking = answer_.thinking();
  std::vector<chat::Event> events;
  answer_.push(bytes_of(token), std::move(logprob), events);
  reply_->count_token(was_thinking || answer_.thinking());
  reply_->tell(std::move(events), sink);
  if (answer_.stopped() || (constrained && matcher_->must_end()))
    finish(chat::FinishReason::kStop, sink);
  else if (completion_tokens_ >= limits_.completion_tokens_max ||
           tokens_.size() >= limits_.context_tokens_max)
    finish(chat::FinishReason::kLength, sink);
}

base::Status Generation::constrain(std::span<float> logits) {
  TRY(matcher_->fill_mask(mask_));
  for (std::size_t token = 0; token < logits.size(); ++token)
    if (((mask_[token / 32] >> (token % 32)) & 1U) == 0)
      logits[token] = -std::numeric_limits<float>::infinity();
  return {};
}

std::vector<TokenId> Generation::guess(std::size_t tokens_max) {
  // The token that the guesses are confirmed with is chosen in any case.
  const std::size_t room = std::min(limits_.context_tokens_max - tokens_.size(),
                                    limits_.completion_tokens_max - completion_tokens_);
  if (room == 0) return {};
  if (matcher_ && !answer_.thinking()) {
    // What must come anyway, cut into tokens as the model most likely would.
    const std::string forced = matcher_->forced_text();
    std::vector<TokenId> tokens = tokenizer_.encode(forced);
    tokens.resize(std::min({tokens.size(), tokens_max, room - 1}));
    if (!tokens.empty()) return tokens;
  }
  return look_up_continuation(tokens_, guesses_wanted(tokens_max));
}

std::size_t Generation::guesses_wanted(std::size_t tokens_max) const {
  const std::size_t room = std::min(limits_.context_tokens_max - tokens_.size(),
                                    limits_.completion_tokens_max - completion_tokens_);
  return room == 0 ? 0 : std::min({tokens_max, pace_.length(), room - 1});
}

void Generation::finish(chat::FinishReason reason, const Engine::Sink& sink) {
  finished_ = true;
  std::vector<chat::Event> events;
  answer_.finish(events);
  reply_->tell(std::move(events), sink);
  if (reason == chat::FinishReason::kStop && answer_.called_tools())
    reason = chat::FinishReason::kToolCalls;
  reply_->end_choice(choice_, reason, answer_.stop_sequence(), sink);
}

std::string Generation::bytes_of(TokenId token) const {
  const bool spelled = spelled_tokens_ != nullptr && spelled_tokens_->contains(token);
  return tokenizer_.decode(token, spelled);
}

}  // namespace nearside::engine
