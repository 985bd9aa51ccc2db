// {"name": "f", "parameters": {...}} as the whole answer, perhaps after <|python_tag|>, several
// with ; between them: llama 3.
#include <algorithm>
#include <utility>

#include "engine/held_text.h"
#include "engine/object_call_reader.h"
#include "engine/tool_calls.h"

namespace nearside::engine {

namespace {

constexpr std::string_view kTag = "<|python_tag|>";
constexpr std::string_view kMarkers[] = {kTag};

class LlamaReader final : public ObjectCallReader {
 public:
  explicit LlamaReader(std::vector<std::string> names) : names_(std::move(names)) {}

  void finish(ToolCallSink& sink) override {
    if (in_object())
      give_up(sink);
    else if (place_ != Place::kBetween && !held_.empty())
      sink.text(held_);
    held_.clear();
  }

 private:
  enum class Place { kStart, kObject, kBetween, kText };

  bool advance(ToolCallSink& sink) override {
    switch (place_) {
      case Place::kStart: {
        const std::string_view text = without_leading_space(held_);
        if (text.starts_with(kTag)) {
          held_ = std::string(text.substr(kTag.size()));
          return true;
        }
        if (kTag.starts_with(text)) return false;
        if (text.front() == '{')
          begin_call(text);
        else
          place_ = Place::kText;
        return true;
      }
      case Place::kObject: {
        const auto status = read_object(sink);
        if (status == ToolCallObject::Status::kMore) return false;
        place_ = status == ToolCallObject::Status::kDone ? Place::kBetween : Place::kText;
        return true;
      }
      case Place::kBetween: {
        std::string_view text = without_leading_space(held_);
        if (!text.empty() && text.front() == ';') text = without_leading_space(text.substr(1));
        if (text.empty()) return false;
        if (text.front() == '{')
          begin_call(text);
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

  void begin_call(std::string_view text) {
    held_ = std::string(text);
    // An answer in JSON looks alike: only the name of a tool on offer makes it a call.
    begin_object(
        [this](std::string_view name) {
          return std::find(names_.begin(), names_.end(), name) != names_.end();
        },
        true);
    place_ = Place::kObject;
  }

  Place place_ = Place::kStart;
  std::vector<std::string> names_;
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
