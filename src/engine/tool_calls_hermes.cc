// <tool_call>{"name": "f", "arguments": {...}}</tool_call>: Hermes and the qwen family, and what
// models are asked for whose templates know no tools.
#include <utility>

#include "engine/held_text.h"
#include "engine/tool_call_object.h"
#include "engine/tool_calls.h"

namespace nearside::engine {

namespace {

constexpr std::string_view kOpen = "<tool_call>";
constexpr std::string_view kClose = "</tool_call>";
constexpr std::string_view kMarkers[] = {kOpen, kClose};

class HermesReader final : public ToolCallReader {
 public:
  void push(std::string_view text, ToolCallSink& sink) override {
    held_.append(text);
    while (!held_.empty() && advance(sink)) {
    }
  }

  void finish(ToolCallSink& sink) override {
    if (object_ != nullptr)
      give_up(sink);
    else if (place_ == Place::kText && !held_.empty())
      sink.text(held_);
    held_.clear();
  }

  [[nodiscard]] std::size_t held() const override {
    return held_.size() + (object_ != nullptr ? object_->seen().size() : 0);
  }

 private:
  enum class Place { kText, kObject, kAfterObject };

  bool advance(ToolCallSink& sink) {
    switch (place_) {
      case Place::kText:
        return read_text(sink);
      case Place::kObject: {
        std::string_view left = held_;
        const auto status = object_->push(left, sink);
        held_ = std::string(left);
        if (status == ToolCallObject::Status::kNoCall) give_up(sink);
        if (status == ToolCallObject::Status::kDone) {
          object_.reset();
          place_ = Place::kAfterObject;
        }
        return status != ToolCallObject::Status::kMore;
      }
      case Place::kAfterObject: {
        const std::string_view text = without_leading_space(held_);
        if (kClose.starts_with(text) && text != kClose) return false;
        const bool closed = text.starts_with(kClose);
        held_ = std::string(text.substr(closed ? kClose.size() : 0));
        if (closed) return true;  // whitespace between calls belongs to nobody
        place_ = Place::kText;
        return true;
      }
    }
    return false;
  }

  bool read_text(ToolCallSink& sink) {
    const std::size_t open = held_.find(kOpen);
    std::size_t end = open;
    if (open == std::string::npos) end = held_.size() - begun_marker_bytes(held_, kOpen);
    end -= trailing_space_bytes(std::string_view(held_).substr(0, end));
    if (end > 0) sink.text(std::string_view(held_).substr(0, end));
    if (open == std::string::npos) {
      held_.erase(0, end);
      return false;
    }
    opened_ = held_.substr(end, open + kOpen.size() - end);
    held_.erase(0, open + kOpen.size());
    object_ = std::make_unique<ToolCallObject>([](std::string_view) { return true; }, false);
    place_ = Place::kObject;
    return true;
  }

  /// What was begun is no call.
  void give_up(ToolCallSink& sink) {
    if (object_->begun()) {
      sink.call_ends();
    } else {
      sink.text(opened_);
      sink.text(object_->seen());
    }
    object_.reset();
    place_ = Place::kText;
  }

  Place place_ = Place::kText;
  std::string held_;
  std::string opened_;  // the mark and the space before it, should it turn out to be text
  std::unique_ptr<ToolCallObject> object_;
};

}  // namespace

const ToolCallFormat kHermesToolCalls{
    .name = "hermes",
    .spoken_by =
        [](std::string_view chat_template) {
          // <function= within it is another spelling, of qwen3-coder.
          return chat_template.find(kOpen) != std::string_view::npos &&
                 chat_template.find("<function=") == std::string_view::npos;
        },
    .make_reader = [](std::vector<std::string>) -> std::unique_ptr<ToolCallReader> {
      return std::make_unique<HermesReader>();
    },
    .markers = kMarkers,
    .forced = {.begin = "<tool_call>\n", .arguments_key = "arguments"}};

}  // namespace nearside::engine
