// What readers of calls written as JSON objects share: the text held back, and the object that is
// being read.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/tool_call_object.h"
#include "engine/tool_calls.h"

namespace nearside::engine {

/// A format says in advance() how the text around its objects goes.
class ObjectCallReader : public ToolCallReader {
 public:
  void push(std::string_view text, ToolCallSink& sink) final;
  [[nodiscard]] std::size_t held() const final;

 protected:
  /// Takes from the front of held_ what it can; false when that needs more text.
  virtual bool advance(ToolCallSink& sink) = 0;

  /// Hands on the text before `mark`; true when the mark was there, which is then in opened_ with
  /// the space before it, and no longer in held_.
  bool text_until(std::string_view mark, ToolCallSink& sink);

  /// An object begins at the front of held_; see ToolCallObject for `accepts` and `strict`.
  void begin_object(
      std::function<bool(std::string_view)> accepts = [](std::string_view) { return true; },
      bool strict = false);
  /// Reads on in it. With kDone and kNoCall it is over, and what was no call has gone out as text.
  ToolCallObject::Status read_object(ToolCallSink& sink);
  [[nodiscard]] bool in_object() const { return object_ != nullptr; }
  /// The object that was begun is no call, or is cut off.
  void give_up(ToolCallSink& sink);

  std::string held_;
  std::string opened_;  // what announced a call, should it turn out to be text

 private:
  std::unique_ptr<ToolCallObject> object_;
};

}  // namespace nearside::engine
