// Chats to learn from: one JSON object a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nearside::train {

/// The conversation up to the answer, and the answer that is to be learnt.
struct ChatRecord {
  base::json::array messages;
  std::string answer;
};

/// Lines are {"messages":[...],"expected":"..."} (what `nearside eval task` reads), or
/// {"messages":[...]} whose last message is the assistant's. Empty lines are skipped; other members
/// are ignored. Errors: kInvalidArgument with line number; kTooLarge.
base::Result<std::vector<ChatRecord>> parse_chat_records(std::string_view json_lines);

}  // namespace nearside::train
