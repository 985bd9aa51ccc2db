// Reads {"name": ..., "arguments": {...}} as it arrives, so that arguments stream.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "engine/json_value_end.h"
#include "engine/tool_calls.h"

namespace nearside::engine {

/// One object. Members in any order; "parameters" is taken for "arguments". Arguments spelled as a
/// string of JSON are unpacked. A call without arguments has {}.
class ToolCallObject {
 public:
  /// `accepts` says whether a name is one of a call. `strict`: members that no call has, before
  /// the call is certain, mean that this is no call; else they are skipped.
  ToolCallObject(std::function<bool(std::string_view)> accepts, bool strict);

  enum class Status {
    kMore,
    kDone,
    kNoCall,  // seen() is what it was instead, unless begun()
  };
  /// Takes from the front of `text` what belongs to the object.
  Status push(std::string_view& text, ToolCallSink& sink);
  /// The sink has heard of the call.
  [[nodiscard]] bool begun() const { return begun_; }
  /// Every byte so far while not begun().
  [[nodiscard]] std::string_view seen() const { return seen_; }

 private:
  enum class Place { kOpen, kKeyOrClose, kKey, kColon, kValueStart, kValue, kComma };
  Status take(char byte, ToolCallSink& sink);
  Status value_ended(ToolCallSink& sink);
  Status begin_value(char byte, ToolCallSink& sink);
  void begin_call(ToolCallSink& sink);
  Status close(ToolCallSink& sink);
  [[nodiscard]] bool is_arguments_key() const {
    return key_ == "arguments" || key_ == "parameters";
  }

  std::function<bool(std::string_view)> accepts_;
  bool strict_;
  Place place_ = Place::kOpen;
  JsonValueEnd end_;
  bool bare_ = false;       // the value is a number or word
  bool streaming_ = false;  // the value is arguments that go to the sink as they come
  bool begun_ = false;
  bool arguments_told_ = false;
  std::string seen_;
  std::string raw_;  // of the key or value being read
  std::string key_;
  std::string name_;
  std::string arguments_;  // that came before the name
};

}  // namespace nearside::engine
