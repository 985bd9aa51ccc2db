#include "engine/object_call_reader.h"

#include <utility>

#include "engine/held_text.h"

namespace nearside::engine {

void ObjectCallReader::push(std::string_view text, ToolCallSink& sink) {
  held_.append(text);
  while (!held_.empty() && advance(sink)) {
  }
}

std::size_t ObjectCallReader::held() const {
  return held_.size() + (in_object() ? object_->seen().size() : 0);
}

bool ObjectCallReader::text_until(std::string_view mark, ToolCallSink& sink) {
  const std::size_t open = held_.find(mark);
  std::size_t end = open;
  if (open == std::string::npos) end = held_.size() - begun_marker_bytes(held_, mark);
  end -= trailing_space_bytes(std::string_view(held_).substr(0, end));
  if (end > 0) sink.text(std::string_view(held_).substr(0, end));
  if (open == std::string::npos) {
    held_.erase(0, end);
    return false;
  }
  opened_ = held_.substr(end, open + mark.size() - end);
  held_.erase(0, open + mark.size());
  return true;
}

void ObjectCallReader::begin_object(std::function<bool(std::string_view)> accepts, bool strict) {
  object_ = std::make_unique<ToolCallObject>(std::move(accepts), strict);
}

ToolCallObject::Status ObjectCallReader::read_object(ToolCallSink& sink) {
  std::string_view left = held_;
  const ToolCallObject::Status status = object_->push(left, sink);
  held_ = std::string(left);
  if (status == ToolCallObject::Status::kNoCall) give_up(sink);
  if (status == ToolCallObject::Status::kDone) {
    object_.reset();
    opened_.clear();
  }
  return status;
}

void ObjectCallReader::give_up(ToolCallSink& sink) {
  if (object_->begun()) {
    sink.call_ends();
  } else {
    const std::string text = std::exchange(opened_, {}) + std::string(object_->seen());
    if (!text.empty()) sink.text(text);
  }
  object_.reset();
}

}  // namespace nearside::engine
