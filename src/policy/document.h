// A conversation as a list of texts: what the labeller reads and the language guess looks at.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "chat/request.h"

namespace nearside::policy {

/// One text of a conversation. The view's owner must outlive it.
struct Document {
  std::string_view text;
  std::size_t message_index = 0;  // kToolsIndex for tool definitions, 0 for a completion's prompt
  bool from_user = false;         // role "user", or a completion's prompt
};

/// message_index of texts that belong to no message (tool definitions).
inline constexpr std::size_t kToolsIndex = static_cast<std::size_t>(-1);

/// Whether a member is the protocol's own ("type": "tool_result", "role": "user") and no data:
/// named so, and a word of small letters.
bool is_protocol_word(const base::json::key_value_pair& member);

/// Every text of a request: all messages of all roles, every text part, names, tool calls'
/// arguments (decoded when they are JSON, so that escapes hide nothing), tool results and tool
/// definitions. Views point into the request, which must outlive this object.
class Conversation {
 public:
  static Conversation of(const chat::Request& request);
  /// One user message.
  static Conversation of(std::string_view text);

  Conversation(Conversation&&) = default;
  Conversation& operator=(Conversation&&) = default;

  [[nodiscard]] const std::vector<Document>& documents() const { return documents_; }
  /// Parts that are no text (images, audio, files): what is in them cannot be known.
  [[nodiscard]] std::size_t attachments_count() const { return attachments_count_; }
  /// Of all documents.
  [[nodiscard]] std::size_t text_bytes() const { return text_bytes_; }

 private:
  friend class ConversationReader;
  Conversation() = default;

  std::vector<Document> documents_;
  std::deque<std::string> decoded_;  // owns the texts that are not in the request as they are
  std::size_t attachments_count_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace nearside::policy
