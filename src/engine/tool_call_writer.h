// Tool calls as the `delta.tool_calls` arrays that OpenAI streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tool_calls.h"
#include "model/random.h"

namespace nearside::engine {

/// Collects what a reader says until it is taken.
class ToolCallWriter final : public ToolCallSink {
 public:
  /// `seed` of the calls' ids: nine letters and digits, which is what mistral's templates demand.
  explicit ToolCallWriter(std::uint64_t seed) : ids_(seed) {}

  void text(std::string_view text) override;
  void call_begins(std::string_view name) override;
  void arguments(std::string_view json) override;
  void call_ends() override { ++calls_ended_; }

  /// Text that has come, and deltas in their order.
  [[nodiscard]] std::string take_text();
  [[nodiscard]] std::vector<std::string> take_deltas();
  [[nodiscard]] std::size_t calls_begun() const { return calls_begun_; }
  [[nodiscard]] std::size_t calls_ended() const { return calls_ended_; }

 private:
  model::Random ids_;
  std::string text_;
  std::vector<std::string> deltas_;
  std::size_t calls_begun_ = 0;
  std::size_t calls_ended_ = 0;
};

}  // namespace nearside::engine
