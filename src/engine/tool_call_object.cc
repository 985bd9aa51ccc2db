#include "engine/tool_call_object.h"

#include <utility>

#include "base/json.h"
#include "engine/held_text.h"

namespace nearside::engine {

namespace {

// Arguments of tools are shallow; deeper ones are passed through unread.
constexpr std::size_t kDepthMax = 64;

/// The string that `json` spells; empty where it is none.
std::string unpacked(std::string_view json) {
  const base::Result<base::json::value> value = base::parse_json(json, kDepthMax);
  if (!value || !value->is_string()) return {};
  return std::string(value->get_string());
}

bool is_space(char byte) { return kWhitespace.find(byte) != std::string_view::npos; }

}  // namespace

ToolCallObject::ToolCallObject(std::function<bool(std::string_view)> accepts, bool strict)
    : accepts_(std::move(accepts)), strict_(strict) {}

ToolCallObject::Status ToolCallObject::push(std::string_view& text, ToolCallSink& sink) {
  std::string piece;  // of streamed arguments, handed on at once
  Status status = Status::kMore;
  while (!text.empty() && status == Status::kMore) {
    const char byte = text.front();
    text.remove_prefix(1);
    if (!begun_) seen_.push_back(byte);
    if (seen_.size() > kHeldCallBytesMax || raw_.size() > kHeldCallBytesMax) return Status::kNoCall;
    if (place_ == Place::kValue && streaming_) {
      piece.push_back(byte);
      if (end_.ends_with(byte)) {
        streaming_ = false;
        place_ = Place::kComma;
      }
      continue;
    }
    if (!piece.empty()) sink.arguments(std::exchange(piece, {}));
    status = take(byte, sink);
  }
  if (!piece.empty()) sink.arguments(piece);
  return status;
}

ToolCallObject::Status ToolCallObject::take(char byte, ToolCallSink& sink) {
  switch (place_) {
    case Place::kOpen:
      if (is_space(byte)) return Status::kMore;
      place_ = Place::kKeyOrClose;
      return byte == '{' ? Status::kMore : Status::kNoCall;
    case Place::kKeyOrClose:
      if (byte == '}') return close(sink);
      [[fallthrough]];
    case Place::kKey:
      if (is_space(byte)) return Status::kMore;
      if (raw_.empty() && byte != '"') return Status::kNoCall;
      place_ = Place::kKey;
      raw_.push_back(byte);
      if (!end_.ends_with(byte)) return Status::kMore;
      key_ = unpacked(std::exchange(raw_, {}));
      place_ = Place::kColon;
      return Status::kMore;
    case Place::kColon:
      if (is_space(byte)) return Status::kMore;
      place_ = Place::kValueStart;
      return byte == ':' ? Status::kMore : Status::kNoCall;
    case Place::kValueStart:
      if (is_space(byte)) return Status::kMore;
      return begin_value(byte, sink);
    case Place::kValue:
      if (bare_ && (byte == ',' || byte == '}')) {
        const Status status = value_ended(sink);
        return status == Status::kMore ? take(byte, sink) : status;
      }
      raw_.push_back(byte);
      return !bare_ && end_.ends_with(byte) ? value_ended(sink) : Status::kMore;
    case Place::kComma:
      if (is_space(byte)) return Status::kMore;
      if (byte == '}') return close(sink);
      place_ = Place::kKey;
      return byte == ',' ? Status::kMore : Status::kNoCall;
  }
  return Status::kNoCall;
}

ToolCallObject::Status ToolCallObject::begin_value(char byte, ToolCallSink& sink) {
  const bool known = key_ == "name" || key_ == "type" || key_ == "id" || is_arguments_key();
  if (strict_ && !begun_ && !known) return Status::kNoCall;
  place_ = Place::kValue;
  end_ = JsonValueEnd();
  bare_ = byte != '{' && byte != '[' && byte != '"';
  if (byte == '{' && is_arguments_key() && !name_.empty() && !arguments_told_) {
    begin_call(sink);
    streaming_ = true;
    arguments_told_ = true;
    sink.arguments("{");
    end_.ends_with(byte);
    return Status::kMore;
  }
  raw_.push_back(byte);
  if (!bare_) end_.ends_with(byte);
  return Status::kMore;
}

ToolCallObject::Status ToolCallObject::value_ended(ToolCallSink& sink) {
  place_ = Place::kComma;
  std::string value = std::exchange(raw_, {});
  if (key_ == "name" && name_.empty()) {
    name_ = unpacked(value);
    if (name_.empty() || !accepts_(name_)) return Status::kNoCall;
  } else if (is_arguments_key() && arguments_.empty()) {
    arguments_ = value.front() == '"' ? unpacked(value) : std::move(value);
  }
  static_cast<void>(sink);
  return Status::kMore;
}

void ToolCallObject::begin_call(ToolCallSink& sink) {
  begun_ = true;
  seen_.clear();
  sink.call_begins(name_);
}

ToolCallObject::Status ToolCallObject::close(ToolCallSink& sink) {
  if (name_.empty()) return Status::kNoCall;
  if (!begun_) begin_call(sink);
  if (!arguments_told_)
    sink.arguments(arguments_.empty() || arguments_ == "null" ? std::string_view("{}")
                                                              : std::string_view(arguments_));
  sink.call_ends();
  return Status::kDone;
}

}  // namespace nearside::engine
