// Which conversation a request belongs to, and what earlier turns of it hand on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/keyed_hash.h"
#include "chat/request.h"
#include "policy/taint.h"

namespace nearside::gateway {

/// Of an answer, by which it is recognised in a later request. The rest may differ.
inline constexpr std::size_t kRecognisedBytesMax = std::size_t{64} << 10;
/// An answer that is at least this long is recognised wherever it stands; a shorter one ("Done.")
/// only after the very messages that it answered.
inline constexpr std::size_t kTellingBytesMin = 64;

/// What an assistant said, however a client writes it down: text without white space at its ends,
/// tool calls by name and arguments. Ids are left out, since not every dialect keeps them.
class Saying {
 public:
  void add_text(std::string_view text);
  /// What the same assistant says on.
  void add(const Saying& more);
  /// OpenAI's `tool_calls`, complete.
  void add_calls(const base::json::array& calls);
  [[nodiscard]] std::string normal() const;
  [[nodiscard]] bool empty() const { return text_.empty() && calls_.empty(); }

 private:
  std::string text_;
  std::string calls_;
};

/// By what a request's earlier turns are known, in this order:
/// - the name that the caller gives: the header x-nearside-conversation, or `conversation_id` or
///   `session_id` in the body's `metadata`. It holds also when the history is cut or rewritten.
/// - the history: a chain of hashes over tenant, key and messages. What a turn was is handed on
///   when a request repeats all its messages and the answer to them; the same first messages
///   alone are nobody's follow-up. System messages are passed over, since many hold the time.
/// - a long answer itself, wherever it stands.
/// Tenants and keys are apart: nobody reaches another's conversations by guessing their names.
class ConversationTrail {
 public:
  /// Of requests that belong to none, and where nothing is remembered.
  ConversationTrail() = default;
  /// `header`: of x-nearside-conversation, "" for none. The memory must outlive the trail.
  ConversationTrail(policy::TaintMemory& memory, std::string_view tenant, std::string_view key_name,
                    std::string_view header, const chat::Request& request);

  /// What earlier turns hand on.
  [[nodiscard]] policy::Taint inherited(base::SteadyTime now) const;

  /// A named conversation has become this sensitive, whatever comes of the request.
  void remember_asked(const policy::Taint& taint, base::SteadyTime now) const;
  /// The request got this answer, whole or cut; its follow-ups are known by it.
  void remember_answered(const std::vector<Saying>& choices, const policy::Taint& taint,
                         base::SteadyTime now) const;

 private:
  [[nodiscard]] base::KeyedHash telling(std::string_view saying) const;
  void read_history(const chat::Request& request);
  void end_saying();

  policy::TaintMemory* memory_ = nullptr;
  base::KeyedHash caller_;
  std::optional<base::KeyedHash> named_;
  base::KeyedHash history_;             // of the messages so far, but for open_
  Saying open_;                         // what the assistant says at the end, to be continued
  std::vector<base::KeyedHash> known_;  // by which earlier answers may be known
};

/// The name that the request's body gives its conversation, "" for none.
std::string_view conversation_in(const chat::Request& request);

}  // namespace nearside::gateway
