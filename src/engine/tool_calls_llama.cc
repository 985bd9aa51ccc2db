// {"name": "f", "parameters": {...}} as the whole answer, perhaps after <|python_tag|>, several
// with ; between them: llama 3.
#include <algorithm>
#include <utility>

#include "engine/held_text.h"
#include "engine/tool_call_object.h"
#include "engine/tool_calls.h"

namespace nearside::engine {

namespace {

constexpr std::string_view kTag = "<|python_tag|>";
constexpr std::string_view kMarkers[] = {kTag};

class LlamaReader final : public ToolCallReader {
 public:
  explicit LlamaReader(std::vector<std::string> names) : names_(std::move(names)) {}

  void push(std::string_view text, ToolCallSink& sink) override {
    held_.append(text);
    while (!held_.empty() && advance(sink)) {
    }
  }

  void finish(ToolCallSink& sink) override {
    if (object_ != nullptr)
      give_up(sink);
    else if (place_ != Place::kBetween && !held_.empty())
      sink.text(held_);
    held_.clear();
  }

  [[nodiscard]] std::size_t held() const override {
    return held_.size() + (object_ != nullptr ? object_->seen().size() : 0);
  }

 private:
  enum class Place { kStart, kObject, kBetween, kText };

  bool advance(ToolCallSink& sink) {
    switch (place_) {
      case Place::kStart: {
        const std::string_view text = without_leading_space(held_);
        if (text.starts_with(kTag)) {
          held_ = std::string(text.substr(kTag.size()));
          return true;
        }
        if (kTag.starts_with(text)) return false;
        if (text.front() == '{')
          begin_object(text);
        else
          place_ = Place::kText;
        return true;
      }
      case Place::kObject: {
        std::string_view left = held_;
        const auto status = object_->push(left, sink);
        held_ = std::string(left);
        if (status == ToolCallObject::Status::kNoCall) give_up(sink);
        if (status == ToolCallObject::Status::kDone) {
          object_.reset();
          place_ = Place::kBetween;
        }
        return status != ToolCallObject::Status::kMore;
      }
      case Place::kBetween: {
        std::string_view text = without_leading_space(held_);
        if (!text.empty() && text.front() == ';') text = without_leading_space(text.substr(1));
        if (text.empty()) return false;
        if (text.front() == '{')
          begin_object(text);
        else
          place_ = Place::kText;
        return true;
      }
      case Place::kText:
        sink.text(std::exchange(held_, {}));
        return false;
    }
    return false;
  }

  void begin_object(std::string_view text) {
    held_ = std::string(text);
    // An answer in JSON looks alike: only the name of a tool on offer makes it a call.
    object_ = std::make_unique<ToolCallObject>(
        [this](std::string_view name) {
          return std::find(names_.begin(), names_.end(), name) != names_.end();
        },
        true);
    place_ = Place::kObject;
  }

  void give_up(ToolCallSink& sink) {
    if (object_->begun())
      sink.call_ends();
    else if (!object_->seen().empty())
      sink.text(object_->seen());
    object_.reset();
    place_ = Place::kText;
  }

  Place place_ = Place::kStart;
  std::vector<std::string> names_;
  std::string held_;
  std::unique_ptr<ToolCallObject> object_;
};

}  // namespace

const ToolCallFormat kLlamaToolCalls{
    .name = "llama",
    .spoken_by =
        [](std::string_view chat_template) {
          return chat_template.find(kTag) != std::string_view::npos ||
                 (chat_template.find("<|start_header_id|>") != std::string_view::npos &&
                  chat_template.find("\"parameters\": ") != std::string_view::npos);
        },
    .make_reader = [](std::vector<std::string> names) -> std::unique_ptr<ToolCallReader> {
      return std::make_unique<LlamaReader>(std::move(names));
    },
    .markers = kMarkers,
    .forced = {.begin = "", .arguments_key = "parameters"}};

}  // namespace nearside::engine
