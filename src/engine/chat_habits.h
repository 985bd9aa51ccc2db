// How a model writes its answers, as far as its chat template shows.
#pragma once

#include <string_view>
#include <unordered_set>

#include "base/json.h"
#include "engine/answer.h"
#include "engine/reasoning.h"
#include "engine/tool_calls.h"
#include "text/tokenizer.h"

namespace nearside::engine {

struct ChatHabits {
  const ReasoningMarkers* reasoning = nullptr;  // null: it does not think aloud
  const ToolCallFormat* tools = &kHermesToolCalls;
  /// False: the template says nothing of tools in a spelling that we read; the prompt must.
  bool template_knows_tools = false;
  /// Control tokens by which thoughts and calls are told.
  std::unordered_set<text::TokenId> spelled_tokens;
};

/// `chat_template` may be empty.
[[nodiscard]] ChatHabits find_chat_habits(std::string_view chat_template,
                                          const text::Tokenizer& tokenizer);

}  // namespace nearside::engine
