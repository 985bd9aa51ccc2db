// A tool call that the client demands (tool_choice "required", or one tool by name): how the answer
// begins, and the form of the rest.
#pragma once

#include <optional>
#include <string>

#include "chat/request.h"
#include "engine/tool_calls.h"

namespace nearside::engine {

struct ForcedCall {
  std::string begin;          // written for the model, behind the prompt
  chat::AnswerFormat format;  // of what the model writes then
};

/// Empty: no call is demanded, or in a spelling whose calls are no JSON (gemma), where the model
/// is asked and not held to it.
[[nodiscard]] std::optional<ForcedCall> forced_call(const chat::Request& request,
                                                    const ToolCallFormat& format);

}  // namespace nearside::engine
