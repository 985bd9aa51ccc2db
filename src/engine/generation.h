// One request under way: its tokens, how it chooses the next, and what of the answer may go out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chat/event.h"
#include "chat/request.h"
#include "engine/engine.h"
#include "engine/sampler.h"
#include "engine/stop_matcher.h"
#include "engine/utf8_gate.h"
#include "model/batch.h"
#include "text/tokenizer.h"

namespace nearside::engine {

/// What one request may not exceed.
struct GenerationLimits {
  std::size_t context_tokens_max = 0;
  std::size_t completion_tokens_max = 0;
};

/// Borrows the tokenizer. Not thread-safe.
class Generation {
 public:
  /// REQUIRES: prompt is not empty and shorter than context_tokens_max.
  Generation(RequestId id, std::vector<model::TokenId> prompt, const chat::Request& request,
             std::uint64_t seed, const GenerationLimits& limits, const text::Tokenizer& tokenizer);

  [[nodiscard]] RequestId id() const { return id_; }
  /// Prompt and answer so far.
  [[nodiscard]] const std::vector<model::TokenId>& tokens() const { return tokens_; }
  /// Tokens whose keys and values are in the cache.
  [[nodiscard]] std::size_t computed() const { return computed_; }
  [[nodiscard]] std::size_t pending() const { return tokens_.size() - computed_; }
  void mark_computed(std::size_t count) { computed_ += count; }
  [[nodiscard]] bool finished() const { return finished_; }
  /// Nothing may be generated at all (a limit of 0 tokens).
  [[nodiscard]] bool starts_finished() const { return limits_.completion_tokens_max == 0; }

  /// Chooses the next token from the scores after the last one and says so to `sink`: text that may
  /// go out, and the end if this was it. The sink may cancel. `logits` is scratch afterwards.
  void advance(std::span<float> logits, const Engine::Sink& sink);
  /// Nothing more goes to the sink.
  void cancel() { finished_ = cancelled_ = true; }
  /// Ends the answer for a limit.
  void finish(chat::FinishReason reason, const Engine::Sink& sink);

 private:
  void emit(std::string text, const Engine::Sink& sink);
  [[nodiscard]] chat::Usage usage() const;

  RequestId id_;
  const text::Tokenizer& tokenizer_;
  GenerationLimits limits_;
  std::vector<model::TokenId> tokens_;
  std::size_t prompt_tokens_;
  std::size_t completion_tokens_ = 0;  // every token chosen, one that ends the answer included
  std::size_t computed_ = 0;
  bool finished_ = false;
  bool cancelled_ = false;
  Sampler sampler_;
  StopMatcher stop_;
  Utf8Gate gate_;
};

}  // namespace nearside::engine
