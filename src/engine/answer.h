// What the model writes, token by token, as the events a client hears: thoughts, text, tool calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/event.h"
#include "engine/reasoning.h"
#include "engine/stop_matcher.h"
#include "engine/tool_call_writer.h"
#include "engine/tool_calls.h"
#include "engine/utf8_gate.h"

namespace nearside::engine {

/// How one answer's text is to be read.
struct AnswerForm {
  const ReasoningMarkers* reasoning = nullptr;  // null: all is answer
  bool reasoning_open = false;                  // the prompt has begun the thoughts
  const ToolCallFormat* tools = nullptr;        // null: no tools are on offer
  std::vector<std::string> tool_names{};
  bool one_call_only = false;  // the answer ends with its first call
  std::uint64_t call_id_seed = 0;
  std::string begun{};  // what the prompt has written of the answer already
};

/// Bytes go through Utf8Gate, StopMatcher, ReasoningSplitter and ToolCallReader, in this order: a
/// stop string is looked for in everything the model writes.
class Answer {
 public:
  Answer(const AnswerForm& form, std::vector<std::string> stops, std::uint32_t choice);

  /// One token's bytes; appends what may go out. A token's probability goes with the text that its
  /// last byte is in; tokens of thoughts and calls, and those that a stop string cut off, have
  /// none.
  void push(std::string_view bytes, std::optional<chat::TokenLogprob> logprob,
            std::vector<chat::Event>& out);
  /// The answer ends here: what was held back, unless stopped().
  void finish(std::vector<chat::Event>& out);

  /// It has ended by itself: a stop string, or the only call that was wanted.
  [[nodiscard]] bool stopped() const;
  /// The string of chat::Request::stop that ended it; "": none.
  [[nodiscard]] const std::string& stop_sequence() const { return stop_.matched(); }
  [[nodiscard]] bool called_tools() const { return calls_.calls_begun() > 0; }
  [[nodiscard]] bool thinking() const { return reasoning_.thinking(); }

 private:
  struct PendingLogprob {
    std::size_t end;  // in gated_, where the token's last byte is
    chat::TokenLogprob logprob;
  };
  void tell(ReasoningSplitter::Split split, std::vector<chat::Event>& out);
  /// Text and the probabilities that go with it.
  void tell_text(std::string text, std::size_t released, std::vector<chat::Event>& out);

  std::uint32_t choice_;
  Utf8Gate gate_;
  StopMatcher stop_;
  ReasoningSplitter reasoning_;
  std::unique_ptr<ToolCallReader> reader_;  // null: no tools are on offer
  ToolCallWriter calls_;
  bool one_call_only_;
  std::size_t gated_ = 0;   // bytes that left the gate
  std::size_t passed_ = 0;  // bytes that the stop matcher let go
  std::deque<PendingLogprob> logprobs_;
};

}  // namespace nearside::engine
