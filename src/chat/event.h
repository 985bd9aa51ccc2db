// What a backend says while it answers one chat::Request.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/result.h"

namespace nearside::chat {

struct Usage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  std::uint64_t cached_tokens = 0;  // of the prompt, served from a prefix cache
  bool estimated = false;           // counted by us because the backend did not report it
};

enum class FinishReason { kStop, kLength, kToolCalls, kContentFilter };

/// A piece of the answer, valid UTF-8 (a character is never split between two pieces).
struct TextDelta {
  std::string text;
};

/// A piece of a tool call, as an OpenAI `delta.tool_calls` array in JSON text. Upstreams only,
/// until the engine calls tools.
struct ToolCallDelta {
  std::string tool_calls_json;
};

/// The answer is complete. Exactly one Finished or Failed ends every call.
struct Finished {
  FinishReason reason = FinishReason::kStop;
  Usage usage;
};

/// The answer ends here, incomplete. `usage` is what had been consumed.
struct Failed {
  base::Error error;
  Usage usage;
};

using Event = std::variant<TextDelta, ToolCallDelta, Finished, Failed>;

}  // namespace nearside::chat
