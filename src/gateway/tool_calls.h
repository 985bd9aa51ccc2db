// Puts tool calls together from the pieces that streams carry.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace nearside::gateway {

/// Pieces are OpenAI `delta.tool_calls` arrays: each names its call by `index`; the first piece of
/// a call has its id and function name, all pieces carry parts of the arguments' text.
class ToolCallAssembler {
 public:
  /// OpenAI's own bound of calls in one answer is 128.
  static constexpr std::size_t kCallsMax = 128;

  /// Errors: kCorrupt (not such an array), kTooLarge (kCallsMax).
  base::Status add(std::string_view tool_calls_json);
  /// The complete calls, without `index`.
  [[nodiscard]] base::json::array take();

 private:
  base::json::array calls_;
};

}  // namespace nearside::gateway
