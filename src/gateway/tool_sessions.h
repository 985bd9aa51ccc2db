// Who asked for which tools: the answers to tool calls go back to the target that made them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "chat/request.h"

namespace nearside::gateway {

/// A conversation whose tools are in flight is best continued by the model that called them: others
/// read its ids, its reasoning and its habits as a stranger's. Remembers calls by tenant, id and
/// function name, as hashes. Some servers number their calls from one in every answer; then the
/// latest caller is taken, which costs a preference and no promise: whether the target may have the
/// request is decided as ever. Thread-safe.
class ToolSessions {
 public:
  /// A piece of an answer with tool calls: an OpenAI `delta.tool_calls` array. Pieces that begin no
  /// call change nothing.
  void called(const std::string& tenant, const std::string& target,
              std::string_view tool_calls_json, base::SteadyTime now);

  /// Who made the calls that the request's last messages answer; "" when it answers none, or nobody
  /// known here did.
  [[nodiscard]] std::string target_of(const std::string& tenant, const chat::Request& request,
                                      base::SteadyTime now) const;

  static constexpr std::size_t kCallsMax = 16'384;  // about 2 MB
  static constexpr std::chrono::minutes kKept{60};  // a tool that takes longer is no session

 private:
  struct Call {
    std::string target;
    base::SteadyTime made;
  };
  mutable std::mutex mutex_;  // guards the two below
  std::unordered_map<std::uint64_t, Call> calls_;
  std::deque<std::uint64_t> order_;  // oldest first
};

}  // namespace nearside::gateway
