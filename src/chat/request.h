// A request for generated text in dialect-neutral form: what a client asked, before anyone decides
// who answers.
//
// Message and tool contents keep OpenAI's JSON shapes (the field's lingua franca); what the house
// itself acts on is typed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
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

/// The form an answer must have. A local engine admits only tokens that keep to it; upstreams are
/// asked for it in their own words.
struct AnswerFormat {
  enum class Kind { kText, kJsonObject, kJsonSchema, kRegex, kGrammar };
  Kind kind = Kind::kText;
  std::string text;  // kJsonSchema: the schema; kRegex: the expression; kGrammar: GBNF
  std::string name;  // kJsonSchema: what the client calls it
};

/// A LoRA adapter of the model's, by the name it was loaded under.
struct Adapter {
  std::string name;
  float scale = 1.0F;
};

/// Who waits for whom. `kRealtime` (a voice line) overtakes and may interrupt `kBatch`.
enum class Priority { kRealtime, kNormal, kBatch };

struct Request {
  enum class Kind { kChat, kCompletion, kEmbedding };

  Kind kind = Kind::kChat;
  base::json::array
      messages;  // kChat: OpenAI message objects {role, content, ...}, validated by the dialect
  base::json::array tools;            // kChat: OpenAI tool objects; empty: none
  base::json::value tool_choice;      // kChat: as OpenAI's; null: auto
  bool parallel_tool_calls = true;    // kChat: several calls in one answer are welcome
  base::json::object template_extra;  // kChat: further variables for the chat template
  std::string prompt;                 // kCompletion
  std::vector<std::string> inputs;    // kEmbedding: at most 2,048 texts
  std::uint32_t dimensions = 0;       // kEmbedding: of the vectors; 0: as the model has
  Sampling sampling;
  std::vector<std::pair<std::int32_t, float>> logit_bias;  // token and what is added to its score
  std::optional<std::uint32_t> logprobs;  // so many likeliest tokens with each; empty: none wanted
  std::uint32_t choices = 1;              // answers to draw
  AnswerFormat format;
  std::string
      reasoning_effort;  // "none", "minimal", "low", "medium", "high"; empty: the model's own
  std::optional<std::uint32_t>
      completion_tokens_max;      // empty: until stop or the end of the context
  std::vector<std::string> stop;  // at most 4, each at most 128 bytes; never part of the answer
  /// What the answer has said already, through another target: only what follows is asked for. A
  /// text; thoughts, tool calls and answers with a form are never taken up by another.
  std::string begun;
  std::vector<Adapter> adapters;
  Priority priority = Priority::kNormal;
  /// Since start(), for the whole answer; then it fails with kDeadline. Empty: no limit.
  std::optional<std::chrono::milliseconds> time_max;
  std::string tenant;  // whose request; caches and fairness go by it
  /// Upstreams that speak the client's own dialect get these fields as they came (unknown ones
  /// included), with only "model" and "stream" replaced; empty when the request was not parsed from
  /// a client.
  base::json::object original;
  std::string original_dialect;  // that `original` is in: a gateway dialect's name
  std::string original_text;     // `original` as the client wrote it, for servers of that dialect;
                                 // whoever changes or clears `original` clears this too
};

}  // namespace nearside::chat
