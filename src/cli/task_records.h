// The records `nearside eval task` asks a model: one JSON object a line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nearside::cli {

struct TaskRecord {
  base::json::array messages;  // empty: input is a text to continue, or one user message
  std::string input;
  std::string expected;
  std::string group;  // "language", else "group", else ""
};

/// Lines {"messages": [...] or "input": text, "expected": text, "language" or "group"?: text};
/// further fields are ignored, as are empty lines.
/// Errors: kInvalidArgument, with the line.
base::Result<std::vector<TaskRecord>> parse_task_records(std::string_view jsonl);

}  // namespace nearside::cli
