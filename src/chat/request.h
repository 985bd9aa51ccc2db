// A request for generated text in dialect-neutral form: what a client asked, before anyone decides
// who answers.
//
// Message and tool contents keep OpenAI's JSON shapes (the field's lingua franca); what the house
// itself acts on is typed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace nearside::chat {

/// How the next token is chosen. A default-constructed one samples at temperature 1 from the whole
/// distribution. Order of application, as in llama.cpp: penalties, top_k, top_p, min_p,
/// temperature. temperature 0 is greedy.
struct Sampling {
  float temperature = 1.0F;
  std::uint32_t top_k = 0;  // 0: no limit
  float top_p = 1.0F;       // 1: no limit
  float min_p = 0.0F;       // 0: no limit
  float repetition_penalty =
      1.0F;  // divides positive and multiplies negative logits of seen tokens; 1: none
  float frequency_penalty = 0.0F;  // subtracted once for each occurrence
  float presence_penalty = 0.0F;   // subtracted once if the token occurred
  std::uint32_t penalty_window_tokens = 64;
  std::optional<std::uint64_t> seed;  // empty: drawn by the engine
};

struct Request {
  enum class Kind { kChat, kCompletion };

  Kind kind = Kind::kChat;
  base::json::array
      messages;  // kChat: OpenAI message objects {role, content, ...}, validated by the dialect
  base::json::array tools;            // kChat: OpenAI tool objects; empty: none
  base::json::object template_extra;  // kChat: further variables for the chat template
  std::string prompt;                 // kCompletion
  Sampling sampling;
  std::optional<std::uint32_t>
      completion_tokens_max;      // empty: until stop or the end of the context
  std::vector<std::string> stop;  // at most 4, each at most 128 bytes; never part of the answer
  /// Upstreams that speak the client's own dialect get these fields as they came (unknown ones
  /// included), with only "model" and "stream" replaced; empty when the request was not parsed from
  /// a client.
  base::json::object original;
};

}  // namespace nearside::chat
