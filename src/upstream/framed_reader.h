// What all readers of replies do alike: find the JSON objects in the body, keep count of what was
// said, and tell a whole answer from one that was cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "http/sse.h"
#include "upstream/provider.h"

namespace nearside::upstream {

/// A provider's reader derives from it and reads one object at a time in take().
class FramedReader : public ReplyReader {
 public:
  enum class Framing {
    kEvents,  // server-sent events
    kLines,   // one object a line
    kWhole,   // one object
  };

  base::Status feed(std::string_view bytes, const Emit& emit) override;
  chat::Event end(const base::Status& transport, const Emit& emit) override;
  [[nodiscard]] chat::Usage usage() const override;

 protected:
  FramedReader(const chat::Request& request, Framing framing);
  /// kWhole for a reply of type application/json, else `streamed`.
  static Framing framing_of(const http::Headers& headers, Framing streamed);

  /// One object of the reply. Errors: as feed().
  virtual base::Status take(const base::json::object& object, const Emit& emit) = 0;
  /// "[DONE]" and the like. Errors: as feed().
  virtual base::Status take_mark(std::string_view mark);
  /// One object as text, for framings of their own.
  base::Status take_text(std::string_view text, const Emit& emit);

  [[nodiscard]] bool whole() const { return framing_ == Framing::kWhole; }
  static base::Error garbage(std::string_view what);
  /// The error in the middle of a stream.
  static base::Error reported(const base::json::value& error);

  void say(std::string_view text, std::uint32_t choice, const Emit& emit);
  void think(std::string_view text, std::string_view signature, std::uint32_t choice,
             const Emit& emit);
  /// A part of a tool call; `id` and `name` only with the first of a call.
  void call(std::size_t index, std::string_view id, std::string_view name,
            std::string_view arguments, const Emit& emit);
  void call_json(std::string tool_calls_json, std::uint32_t choice, const Emit& emit);
  void embed(std::uint32_t input, std::vector<float> vector, const Emit& emit);
  /// A number of tokens; empty when it is absent or no honest figure.
  static std::optional<std::uint64_t> count_in(const base::json::object& object,
                                               std::string_view name);
  /// A string member, or "".
  static std::string_view text_in(const base::json::object& object, std::string_view name);
  static const base::json::object* object_in(const base::json::object& object,
                                             std::string_view name);
  static const base::json::array* array_in(const base::json::object& object, std::string_view name);
  /// An array of numbers as a vector; empty when it is none.
  static std::vector<float> floats_in(const base::json::value& value);

  // What the derived reader has found out.
  std::optional<chat::Usage> usage_;
  std::optional<chat::FinishReason> reason_;  // set: the answer is complete
  std::string stop_sequence_;
  bool done_ = false;  // complete, though the server gave no reason
  std::size_t embedded_count_ = 0;
  const std::size_t inputs_count_;

 private:
  base::Status feed_lines(std::string_view bytes, const Emit& emit);

  const Framing framing_;
  const std::uint64_t prompt_tokens_estimate_;
  http::SseParser parser_;
  std::string held_;  // of kLines the unfinished line, of kWhole all
  std::size_t answer_bytes_ = 0;
};

}  // namespace nearside::upstream
