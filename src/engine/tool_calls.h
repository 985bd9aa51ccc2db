// Tool calls out of the text of models, each family in its own spelling: one file for each
// (tool_calls_<name>.cc) and one line in tool_calls.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nearside::engine {

/// Longest call that is held back while it is read; one that passes it is text.
inline constexpr std::size_t kHeldCallBytesMax = std::size_t{1} << 20U;

/// What a reader finds, in the order of the text.
class ToolCallSink {
 public:
  virtual ~ToolCallSink() = default;
  virtual void text(std::string_view text) = 0;
  virtual void call_begins(std::string_view name) = 0;
  /// A further piece of the JSON text of the call's arguments, an object.
  virtual void arguments(std::string_view json) = 0;
  virtual void call_ends() = 0;
};

/// Reads one answer. What looks like a call and turns out to be none is text. Takes and gives valid
/// UTF-8. The names of the tools on offer tell apart where the spelling alone does not.
class ToolCallReader {
 public:
  virtual ~ToolCallReader() = default;
  virtual void push(std::string_view text, ToolCallSink& sink) = 0;
  /// The text ends here.
  virtual void finish(ToolCallSink& sink) = 0;
  /// Bytes taken of which nothing has been said yet.
  [[nodiscard]] virtual std::size_t held() const = 0;
};

/// How a call is begun for a model that must make one; what follows is JSON.
struct ForcedCallSpelling {
  std::string_view begin{};
  std::string_view arguments_key{};  // beside "name"; "": calls are no JSON
  bool in_array = false;
};

struct ToolCallFormat {
  std::string_view name;
  /// Whether a chat template's text shows that its model calls tools this way.
  bool (*spoken_by)(std::string_view chat_template);
  std::unique_ptr<ToolCallReader> (*make_reader)(std::vector<std::string> tool_names);
  /// Spellings that begin, part or end calls: tokens spelled so must be read although they are
  /// control tokens.
  std::span<const std::string_view> markers;
  ForcedCallSpelling forced{};
};

extern const ToolCallFormat kHermesToolCalls;
extern const ToolCallFormat kLlamaToolCalls;
extern const ToolCallFormat kGemmaToolCalls;
extern const ToolCallFormat kMistralToolCalls;

[[nodiscard]] std::span<const ToolCallFormat* const> tool_call_formats();

/// The first format that the template speaks; null: none that we know.
[[nodiscard]] const ToolCallFormat* find_tool_call_format(std::string_view chat_template);

}  // namespace nearside::engine
