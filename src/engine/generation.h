// One answer under way: its tokens, how it chooses the next, and what of the answer may go out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "chat/event.h"
#include "chat/request.h"
#include "engine/answer.h"
#include "engine/engine.h"
#include "engine/prompt_lookup.h"
#include "engine/reply.h"
#include "engine/sampler.h"
#include "grammar/constraint.h"
#include "model/batch.h"
#include "text/tokenizer.h"

namespace nearside::engine {

/// What one request may not exceed.
struct GenerationLimits {
  std::size_t context_tokens_max = 0;
  std::size_t completion_tokens_max = 0;
  std::optional<base::SteadyTime> deadline{};  // of the last token
};

/// What a generation is made from.
struct GenerationStart {
  /// Of all choices of the request: the last of them to end ends the request.
  std::shared_ptr<Reply> reply;
  std::uint32_t choice = 0;
  std::vector<model::TokenId> prompt;  // not empty and shorter than context_tokens_max
  std::uint64_t arrival = 0;           // smaller is older
  std::uint64_t seed = 0;
  std::size_t guessed_tokens_max = 0;  // in one step; 0: none
  GenerationLimits limits;
  AnswerForm form;
  /// Control tokens that are read as they are spelled, because the answer's form is told by them.
  const std::unordered_set<model::TokenId>* spelled_tokens = nullptr;
  std::shared_ptr<grammar::Constraint> constraint{};  // that the answer keeps to; null: none
  std::string prefix_space;  // of the prefix cache: whose computed prefixes it may use
  std::optional<model::RowAdapter> adapter{};  // empty: the model as it is
};

/// Borrows the tokenizer and the spelled tokens. Not thread-safe.
class Generation {
 public:
  Generation(GenerationStart start, const chat::Request& request, const text::Tokenizer& tokenizer);

  [[nodiscard]] RequestId id() const { return reply_->id(); }
  [[nodiscard]] std::uint32_t choice() const { return choice_; }
  [[nodiscard]] Reply& reply() const { return *reply_; }
  /// Prompt and answer so far.
  [[nodiscard]] const std::vector<model::TokenId>& tokens() const { return tokens_; }
  [[nodiscard]] std::size_t prompt_tokens() const { return prompt_tokens_; }
  /// Tokens whose keys and values are in the cache.
  [[nodiscard]] std::size_t computed() const { return computed_; }
  [[nodiscard]] std::size_t pending() const { return tokens_.size() - computed_; }
  void mark_computed(std::size_t count) { computed_ += count; }
  /// Its sequence is taken away: everything is to be computed or found in a cache again.
  void interrupt() {
    computed_ = 0;
    interrupted_ = true;
  }
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  /// What one step computed for it.
  void count_step(std::size_t tokens) { idle_steps_ = tokens > 0 ? 0 : idle_steps_ + 1; }
  [[nodiscard]] std::uint64_t idle_steps() const { return idle_steps_; }

  [[nodiscard]] chat::Priority priority() const { return priority_; }
  [[nodiscard]] const std::string& tenant() const { return tenant_; }
  [[nodiscard]] std::uint64_t arrival() const { return arrival_; }
  [[nodiscard]] const std::string& prefix_space() const { return prefix_space_; }
  /// For the rows of its sequence; null: none. Valid as long as the generation.
  [[nodiscard]] const model::RowAdapter* adapter() const { return adapter_ ? &*adapter_ : nullptr; }
  [[nodiscard]] const std::optional<base::SteadyTime>& deadline() const { return limits_.deadline; }
  [[nodiscard]] bool finished() const { return finished_ || reply_->over(); }
  /// Nothing may be generated at all (a limit of 0 tokens).
  [[nodiscard]] bool starts_finished() const { return limits_.completion_tokens_max == 0; }

  /// Tokens that may come next, at most `tokens_max`, for the model to confirm in the same step.
  /// What is chosen does not depend on them, only how soon.
  [[nodiscard]] std::vector<model::TokenId> guess(std::size_t tokens_max);
  /// How many tokens somebody else's guess may have, at most `tokens_max`.
  [[nodiscard]] std::size_t guesses_wanted(std::size_t tokens_max) const;
  /// How that went; also where nothing was guessed.
  void report_guess(std::size_t guessed, std::size_t right) { pace_.report(guessed, right); }

  /// Chooses the next token from the scores after the last one and says so to `sink`: what may go
  /// out, and the end if this was it. The sink may cancel. `logits` is scratch afterwards.
  void advance(std::span<float> logits, const Engine::Sink& sink);
  /// Ends the answer for a limit.
  void finish(chat::FinishReason reason, const Engine::Sink& sink);

 private:
  /// Leaves scores only to tokens that the answer's form allows. Errors: see grammar::Matcher.
  base::Status constrain(std::span<float> logits);
  [[nodiscard]] std::string bytes_of(model::TokenId token) const;

  std::shared_ptr<Reply> reply_;
  std::uint32_t choice_;
  const text::Tokenizer& tokenizer_;
  const std::unordered_set<model::TokenId>* spelled_tokens_;
  GenerationLimits limits_;
  std::vector<model::TokenId> tokens_;
  std::size_t prompt_tokens_;
  std::size_t completion_tokens_ = 0;  // every token chosen, one that ends the answer included
  std::size_t computed_ = 0;
  chat::Priority priority_;
  std::string tenant_;
  std::uint64_t arrival_;
  std::string prefix_space_;
  std::optional<model::RowAdapter> adapter_;
  std::uint64_t idle_steps_ = 0;
  GuessPace pace_;
  bool interrupted_ = false;
  bool finished_ = false;
  std::optional<std::uint32_t> logprobs_;
  std::vector<float> scores_;  // the model's own, kept aside while logprobs are wanted
  std::optional<grammar::Matcher> matcher_;  // of the answer, not of thoughts before it
  std::vector<std::uint32_t> mask_;
  Sampler sampler_;
  Answer answer_;
};

}  // namespace nearside::engine
