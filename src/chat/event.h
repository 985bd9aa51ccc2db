// What a backend says while it answers one chat::Request.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace nearside::chat {

struct Usage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  std::uint64_t cached_tokens = 0;       // of the prompt, served from a prefix cache
  bool estimated = false;                // counted by us because the backend did not report it
  std::uint64_t cache_write_tokens = 0;  // of the prompt, that a seller charges for keeping
  std::uint64_t reasoning_tokens = 0;    // of the completion, thought and not part of the answer
};

enum class FinishReason { kStop, kLength, kToolCalls, kContentFilter };

/// A token of the answer with its probability, and the likeliest at its place.
struct TokenLogprob {
  struct Alternative {
    std::string bytes;
    float logprob = 0;
  };
  std::string bytes;  // of one token: may be a part of a character
  float logprob = 0;  // natural, at temperature 1 and before any penalty or bias
  std::vector<Alternative> top{};
};

/// A piece of the answer, valid UTF-8 (a character is never split between two pieces).
struct TextDelta {
  std::string text{};
  std::uint32_t choice = 0;  // which of Request::choices
  std::vector<TokenLogprob>
      logprobs{};  // of the tokens whose text this is, when they were asked for
};

/// A piece of what a model thinks before it answers; UTF-8 as above.
struct ReasoningDelta {
  std::string text{};
  std::uint32_t choice = 0;
  std::string signature{};  // a provider's proof that these are its thoughts, asked back unchanged
};

/// A piece of a tool call, as an OpenAI `delta.tool_calls` array in JSON text.
struct ToolCallDelta {
  std::string tool_calls_json;
  std::uint32_t choice = 0;
};

/// One of several choices is complete; only when Request::choices is more than one, for each
/// choice, before Finished.
struct ChoiceEnded {
  std::uint32_t choice = 0;
  FinishReason reason = FinishReason::kStop;
};

/// The vector of Request::inputs[input]. Every input gets one before Finished.
struct Embedded {
  std::uint32_t input = 0;
  std::vector<float> vector;
};

/// The answer is complete. Exactly one Finished or Failed ends every call.
struct Finished {
  FinishReason reason = FinishReason::kStop;  // of the first choice
  Usage usage;                                // of all choices
  std::string stop_sequence{};                // of Request::stop, that ended it; empty: none
};

/// The answer ends here, incomplete. `usage` is what had been consumed.
struct Failed {
  base::Error error;
  Usage usage;
};

using Event =
    std::variant<TextDelta, ReasoningDelta, ToolCallDelta, ChoiceEnded, Embedded, Finished, Failed>;

}  // namespace nearside::chat
