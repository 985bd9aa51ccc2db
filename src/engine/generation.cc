#include "engine/generation.h"

#include <string>
#include <utility>

#include "base/check.h"

namespace nearside::engine {

using model::TokenId;

Generation::Generation(RequestId id, std::vector<TokenId> prompt, const chat::Request& request,
                       std::uint64_t seed, const GenerationLimits& limits,
                       const text::Tokenizer& tokenizer)
    : id_(id),
      tokenizer_(tokenizer),
      limits_(limits),
      tokens_(std::move(prompt)),
      prompt_tokens_(tokens_.size()),
      sampler_(request.sampling, seed),
      stop_(request.stop) {
  CHECK(!tokens_.empty() && tokens_.size() < limits_.context_tokens_max);
  for (const TokenId token : tokens_) sampler_.accept(token);
}

void Generation::advance(std::span<float> logits, const Engine::Sink& sink) {
  CHECK(!finished_ && pending() == 0);
  base::Result<TokenId> chosen = sampler_.next(logits);
  if (!chosen) {
    finished_ = true;
    sink(id_, chat::Failed{std::move(chosen).error(), usage()});
    return;
  }
  const TokenId token = *chosen;
  ++completion_tokens_;
  if (tokenizer_.ends_generation(token)) {
    finish(chat::FinishReason::kStop, sink);
    return;
  }
  sampler_.accept(token);
  tokens_.push_back(token);
  emit(gate_.push(stop_.push(tokenizer_.decode(token))), sink);
  if (stop_.stopped())
    finish(chat::FinishReason::kStop, sink);
  else if (completion_tokens_ >= limits_.completion_tokens_max ||
           tokens_.size() >= limits_.context_tokens_max)
    finish(chat::FinishReason::kLength, sink);
}

void Generation::finish(chat::FinishReason reason, const Engine::Sink& sink) {
  finished_ = true;
  std::string rest = gate_.push(stop_.finish());
  rest += gate_.finish();
  emit(std::move(rest), sink);
  if (!cancelled_) sink(id_, chat::Finished{reason, usage()});
}

void Generation::emit(std::string text, const Engine::Sink& sink) {
  if (!text.empty() && !cancelled_) sink(id_, chat::TextDelta{std::move(text)});
}

chat::Usage Generation::usage() const {
  chat::Usage usage;
  usage.prompt_tokens = prompt_tokens_;
  usage.completion_tokens = completion_tokens_;
  return usage;
}

}  // namespace nearside::engine
