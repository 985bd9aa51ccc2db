// [TOOL_CALLS][{"name": "f", "arguments": {...}}, ...] and, newer, [TOOL_CALLS]f[ARGS]{...} for
// each call: mistral.
#include <algorithm>

#include "engine/held_text.h"
#include "engine/json_value_end.h"
#include "engine/object_call_reader.h"
#include "engine/tool_calls.h"

namespace nearside::engine {

namespace {

constexpr std::string_view kOpen = "[TOOL_CALLS]";
constexpr std::string_view kArgumentsMark = "[ARGS]";
constexpr std::string_view kId = "[CALL_ID]";
constexpr std::string_view kMarkers[] = {kOpen, kArgumentsMark, kId};
// Names of functions are words; what is longer is text.
constexpr std::size_t kNameBytesMax = 256;

class MistralReader final : public ObjectCallReader {
 public:
  void finish(ToolCallSink& sink) override {
    if (in_object()) {
      give_up(sink);
    } else if (place_ == Place::kArguments) {
      sink.call_ends();
    } else if (place_ == Place::kText || place_ == Place::kCall) {
      if (place_ == Place::kCall) sink.text(opened_);
      if (!held_.empty()) sink.text(held_);
    }
    held_.clear();
  }

 private:
  enum class Place { kText, kCall, kObject, kArguments, kAfter };

  bool advance(ToolCallSink& sink) override {
    switch (place_) {
      case Place::kText:
        if (!text_until(kOpen, sink)) return false;
        place_ = Place::kCall;
        return true;
      case Place::kCall:
        return read_call(sink);
      case Place::kObject: {
        const auto status = read_object(sink);
        if (status == ToolCallObject::Status::kMore) return false;
        place_ = status == ToolCallObject::Status::kDone ? Place::kAfter : Place::kText;
        return true;
      }
      case Place::kArguments:
        return read_arguments(sink);
      case Place::kAfter:
        return read_after();
    }
    return false;
  }

  bool read_call(ToolCallSink& sink) {
    held_ = std::string(without_leading_space(held_));
    if (held_.empty()) return false;
    if (held_.front() == '[') {
      held_.erase(0, 1);
      begin_call_object();
      return true;
    }
    const std::size_t brace = held_.find('{');
    if (brace == std::string::npos) {
      if (held_.size() <= kNameBytesMax) return false;
      sink.text(opened_);
      place_ = Place::kText;
      return true;
    }
    std::string_view name = std::string_view(held_).substr(0, brace);
    name = name.substr(0, std::min(name.find(kArgumentsMark), name.find(kId)));
    name.remove_suffix(trailing_space_bytes(name));
    if (name.empty()) {  // a lone object, as some models write it
      begin_call_object();
      return true;
    }
    sink.call_begins(name);
    held_.erase(0, brace);
    end_ = JsonValueEnd();
    place_ = Place::kArguments;
    return true;
  }

  bool read_arguments(ToolCallSink& sink) {
    std::size_t count = 0;
    bool ended = false;
    while (count < held_.size() && !ended) ended = end_.ends_with(held_[count++]);
    sink.arguments(std::string_view(held_).substr(0, count));
    held_.erase(0, count);
    if (!ended) return false;
    sink.call_ends();
    place_ = Place::kAfter;
    return true;
  }

  bool read_after() {
    held_ = std::string(without_leading_space(held_));
    if (held_.empty()) return false;
    const char next = held_.front();
    if (next == ',' || next == ']') {
      held_.erase(0, 1);
      return true;
    }
    if (next == '{')
      begin_call_object();
    else
      place_ = Place::kText;
    return true;
  }

  void begin_call_object() {
    begin_object();
    place_ = Place::kObject;
  }

  Place place_ = Place::kText;
  JsonValueEnd end_;
};

}  // namespace

const ToolCallFormat kMistralToolCalls{
    .name = "mistral",
    .spoken_by =
        [](std::string_view chat_template) {
          return chat_template.find(kOpen) != std::string_view::npos;
        },
    .make_reader = [](std::vector<std::string>) -> std::unique_ptr<ToolCallReader> {
      return std::make_unique<MistralReader>();
    },
    .markers = kMarkers,
    .forced = {.begin = kOpen, .arguments_key = "arguments", .in_array = true}};

}  // namespace nearside::engine
