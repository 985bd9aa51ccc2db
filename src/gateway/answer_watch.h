// Reads an answer as it passes: what is in it, and by what its follow-ups will be known.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chat/event.h"
#include "gateway/conversation.h"
#include "gateway/dialect.h"
#include "gateway/tool_calls.h"
#include "policy/label.h"
#include "policy/stream_labeler.h"
#include "telemetry/record.h"

namespace nearside::gateway {

/// Not thread-safe. Holds no more of an answer than kRecognisedBytesMax of each choice, what the
/// stream labeller keeps in view, and tool calls, whose arguments can be read only when complete.
class AnswerWatch {
 public:
  /// An answer is read in pieces of this size: each costs one more look at the 640 bytes that are
  /// kept in view, so that small pieces would be read over and over.
  static constexpr std::size_t kReadBytes = 2'048;

  /// `asked`: the label of the request, which its answer shares. The labeller must outlive it.
  AnswerWatch(const policy::Labeler& labeler, ConversationTrail trail, policy::Taint asked);

  /// Any event, in order. Errors: kInternal (the scan failed: nothing is known of what comes, so it
  /// must not be sent), kCorrupt and kTooLarge (a broken tool call).
  base::Status see(const chat::Event& event);
  /// An answer that is complete already.
  base::Status see_whole(const WholeAnswer& answer);
  /// Another target begins from the start; nothing was sent yet.
  void begin_again();
  /// The answer ends here, whole or cut: what was found in it. Follow-ups will be as sensitive as
  /// request and answer. After this nothing may be called. Errors: kInternal (the scan failed; then
  /// the conversation counts as restricted).
  base::Result<policy::Label> end(base::SteadyTime now);

 private:
  /// One text that streams: a choice's answer, or its thoughts.
  struct Text {
    explicit Text(const policy::Labeler& reader) : labeler(reader) {}
    policy::StreamLabeler labeler;
    std::string unread;
  };
  base::Status read(std::pair<std::uint32_t, bool> which, std::string_view text);
  void take(const policy::StreamLabeler::Piece& piece);
  base::Status read_calls();

  const policy::Labeler* labeler_;
  ConversationTrail trail_;
  policy::Taint taint_;
  std::map<std::pair<std::uint32_t, bool>, Text> texts_;  // by choice and whether it is thought
  std::map<std::uint32_t, Saying> sayings_;               // by choice
  std::map<std::uint32_t, ToolCallAssembler> calls_;      // by choice
  std::vector<std::string> found_by_;                     // sorted, each once
  std::size_t calls_bytes_ = 0;
  std::size_t findings_count_ = 0;
};

/// Adds `answer` to the decision that the record keeps: sensitivity, categories, how many findings.
void add_answer_label(telemetry::Record& record, const policy::Label& label);

}  // namespace nearside::gateway
