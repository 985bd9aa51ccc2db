// A canonical message (OpenAI's shape) taken apart, for providers that spell it differently.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/request.h"

namespace nearside::upstream {

/// All views point into the request.
struct PartView {
  enum class Kind { kText, kImage, kFile };
  Kind kind = Kind::kText;
  std::string_view text{};        // kText
  std::string_view media_type{};  // of bytes that are here
  std::string_view base64{};      // the bytes, or
  std::string_view url{};         // where they are
  std::string_view name{};        // kFile: its name, if it has one
};

struct CallView {
  std::string_view id{};
  std::string_view name{};
  std::string_view arguments{};                // JSON text
  const base::json::object* object = nullptr;  // the whole call
};

struct MessageView {
  std::string_view role{};  // system (developer is one), user, assistant, tool
  std::vector<PartView> parts{};
  std::vector<CallView> calls{};
  std::string_view tool_call_id{};
  bool is_error = false;  // of a tool's result
  std::string_view reasoning{};
  std::string_view reasoning_signature{};
};

/// Every message, in order; a completion's prompt is one message of the user.
/// Errors: kUnsupported (a content part that no other dialect has: audio, files known by id).
base::Result<std::vector<MessageView>> messages_of(const chat::Request& request);

/// The text parts, joined by line breaks.
std::string text_of(const MessageView& message);
/// The system prompts of a conversation, joined by empty lines, for dialects that have one.
std::string system_of(const std::vector<MessageView>& messages);

/// A tool's definition taken apart.
struct ToolView {
  std::string_view name;
  std::string_view description;
  const base::json::value* parameters = nullptr;  // a JSON schema; null: none
};

/// Errors: kUnsupported (a tool that some other provider runs itself).
base::Result<std::vector<ToolView>> tools_of(const chat::Request& request);

/// How tools are to be used.
struct ToolChoice {
  enum class Kind { kAuto, kNone, kRequired, kNamed };
  Kind kind = Kind::kAuto;
  std::string_view name;  // kNamed
};
ToolChoice tool_choice_of(const chat::Request& request);

/// Arguments as an object; what a model wrote instead of one is kept under "arguments".
base::json::value arguments_object(std::string_view text);

/// What a provider has words for; asking it for more is an error and not a silent loss.
struct Abilities {
  bool choices = false;
  bool logprobs = false;
  bool logit_bias = false;
  bool json_object = false;
  bool json_schema = false;
  bool grammar = false;  // and regular expressions
  bool embeddings = false;
};

/// Errors: kUnsupported, naming what is asked beyond `abilities`.
base::Status check_abilities(const chat::Request& request, std::string_view provider,
                             const Abilities& abilities);

}  // namespace nearside::upstream
