// <tool_call>{"name": "f", "arguments": {...}}</tool_call>: Hermes and the qwen family, and what
// models are asked for whose templates know no tools.
#include "engine/held_text.h"
#include "engine/object_call_reader.h"
#include "engine/tool_calls.h"

namespace nearside::engine {

namespace {

constexpr std::string_view kOpen = "<tool_call>";
constexpr std::string_view kClose = "</tool_call>";
constexpr std::string_view kMarkers[] = {kOpen, kClose};

class HermesReader final : public ObjectCallReader {
 public:
  void finish(ToolCallSink& sink) override {
    if (in_object())
      give_up(sink);
    else if (place_ == Place::kText && !held_.empty())
      sink.text(held_);
    held_.clear();
  }

 private:
  enum class Place { kText, kObject, kAfterObject };

  bool advance(ToolCallSink& sink) override {
    switch (place_) {
      case Place::kText:
        if (!text_until(kOpen, sink)) return false;
        begin_object();
        place_ = Place::kObject;
        return true;
      case Place::kObject: {
        const auto status = read_object(sink);
        if (status == ToolCallObject::Status::kMore) return false;
        place_ = status == ToolCallObject::Status::kDone ? Place::kAfterObject : Place::kText;
        return true;
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

  Place place_ = Place::kText;
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
