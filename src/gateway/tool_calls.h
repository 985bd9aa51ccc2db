// Puts tool calls together from the pieces that streams carry.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nearside::gateway {

/// One call's part of such a piece, for dialects that spell it differently.
struct ToolCallPiece {
  std::size_t index = 0;
  std::string id;         // empty but in the first piece of a call
  std::string name;       // likewise
  std::string arguments;  // a part of the text
};

/// The parts of one piece; what is no tool call is left out.
std::vector<ToolCallPiece> tool_call_pieces(std::string_view tool_calls_json);

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
