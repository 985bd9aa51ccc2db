// <|tool_call>call:f{key:<|"|>text<|"|>,n:3}<tool_call|> (gemma 4) and, with other marks,
// <start_function_call>call:f{key:<escape>text<escape>}<end_function_call> (functiongemma).
//
// The arguments are no JSON, so that a call goes out when it is whole.
#include <utility>

#include "base/json.h"
#include "engine/held_text.h"
#include "engine/tool_calls.h"

namespace nearside::engine {

namespace {

namespace json = base::json;

struct Marks {
  std::string_view open;
  std::string_view close;
  std::string_view quote;
};
constexpr Marks kMarks[] = {{"<|tool_call>", "<tool_call|>", "<|\"|>"},
                            {"<start_function_call>", "<end_function_call>", "<escape>"}};
constexpr std::string_view kMarkers[] = {kMarks[0].open, kMarks[0].close, kMarks[0].quote,
                                         kMarks[1].open, kMarks[1].close, kMarks[1].quote};
constexpr std::string_view kCall = "call:";
constexpr std::size_t kDepthMax = 64;

/// Turns the arguments into JSON. What is neither quoted nor a JSON value is a string.
class ArgumentsReader {
 public:
  ArgumentsReader(std::string_view text, std::string_view quote) : left_(text), quote_(quote) {}

  /// The object at the front; false where there is none.
  bool object(json::object& out, std::size_t depth = 0) {
    if (depth > kDepthMax || !take("{")) return false;
    if (take("}")) return true;
    do {
      const std::size_t colon = left_.find(':');
      if (colon == std::string_view::npos) return false;
      std::string key(without_leading_space(left_.substr(0, colon)));
      if (key.starts_with(quote_) && key.size() >= 2 * quote_.size())
        key = key.substr(quote_.size(), key.size() - 2 * quote_.size());
      left_.remove_prefix(colon + 1);
      json::value item;
      if (!value(item, depth + 1)) return false;
      out[key] = std::move(item);
    } while (take(","));
    return take("}");
  }

 private:
  bool value(json::value& out, std::size_t depth) {
    left_ = without_leading_space(left_);
    if (left_.starts_with("{")) return object(out.emplace_object(), depth);
    if (left_.starts_with("[")) return array(out.emplace_array(), depth);
    if (left_.starts_with(quote_)) {
      left_.remove_prefix(quote_.size());
      const std::size_t end = left_.find(quote_);
      if (end == std::string_view::npos) return false;
      out = json::string(left_.substr(0, end));
      left_.remove_prefix(end + quote_.size());
      return true;
    }
    const std::size_t end = left_.find_first_of(",}]");
    if (end == std::string_view::npos) return false;
    std::string_view word = left_.substr(0, end);
    word.remove_suffix(trailing_space_bytes(word));
    left_.remove_prefix(end);
    base::Result<json::value> parsed = base::parse_json(word, kDepthMax);
    out = parsed ? std::move(*parsed) : json::value(json::string(word));
    return true;
  }

  bool array(json::array& out, std::size_t depth) {
    if (depth > kDepthMax || !take("[")) return false;
    if (take("]")) return true;
    do {
      json::value item;
      if (!value(item, depth + 1)) return false;
      out.push_back(std::move(item));
    } while (take(","));
    return take("]");
  }

  bool take(std::string_view mark) {
    left_ = without_leading_space(left_);
    if (!left_.starts_with(mark)) return false;
    left_.remove_prefix(mark.size());
    return true;
  }

  std::string_view left_;
  std::string_view quote_;
};

class GemmaReader final : public ToolCallReader {
 public:
  void push(std::string_view text, ToolCallSink& sink) override {
    held_.append(text);
    while (!held_.empty() && (marks_ == nullptr ? read_text(sink) : read_call(sink))) {
    }
  }

  void finish(ToolCallSink& sink) override {
    if (marks_ != nullptr && !tell_call(held_, sink)) sink.text(opened_ + held_);
    if (marks_ == nullptr && !held_.empty()) sink.text(held_);
    held_.clear();
  }

  [[nodiscard]] std::size_t held() const override { return held_.size(); }

 private:
  bool read_text(ToolCallSink& sink) {
    std::size_t open = std::string::npos;
    std::size_t begun = 0;
    for (const Marks& marks : kMarks) {
      const std::size_t at = held_.find(marks.open);
      if (at < open) {
        open = at;
        marks_ = &marks;
      }
      begun = std::max(begun, begun_marker_bytes(held_, marks.open));
    }
    std::size_t end = open == std::string::npos ? held_.size() - begun : open;
    end -= trailing_space_bytes(std::string_view(held_).substr(0, end));
    if (end > 0) sink.text(std::string_view(held_).substr(0, end));
    if (marks_ != nullptr) opened_ = held_.substr(end, open + marks_->open.size() - end);
    held_.erase(0, marks_ == nullptr ? end : open + marks_->open.size());
    return marks_ != nullptr;
  }

  bool read_call(ToolCallSink& sink) {
    const std::size_t close = held_.find(marks_->close);
    if (close == std::string::npos && held_.size() <= kHeldCallBytesMax) return false;
    const std::size_t end = std::min(close, held_.size());
    const std::size_t after = close == std::string::npos ? end : end + marks_->close.size();
    if (!tell_call(std::string_view(held_).substr(0, end), sink))
      sink.text(opened_ + held_.substr(0, after));
    held_.erase(0, after);
    marks_ = nullptr;
    return true;
  }

  bool tell_call(std::string_view call, ToolCallSink& sink) const {
    call = without_leading_space(call);
    const std::size_t brace = call.find('{');
    if (!call.starts_with(kCall) || brace == std::string_view::npos || brace == kCall.size())
      return false;
    json::object arguments;
    if (!ArgumentsReader(call.substr(brace), marks_->quote).object(arguments)) return false;
    sink.call_begins(call.substr(kCall.size(), brace - kCall.size()));
    sink.arguments(json::serialize(arguments));
    sink.call_ends();
    return true;
  }

  const Marks* marks_ = nullptr;  // of the call being read; null: text
  std::string held_;
  std::string opened_;  // the mark and the space before it, should it turn out to be text
};

}  // namespace

const ToolCallFormat kGemmaToolCalls{
    .name = "gemma",
    .spoken_by =
        [](std::string_view chat_template) {
          for (const Marks& marks : kMarks)
            if (chat_template.find(marks.open) != std::string_view::npos) return true;
          return false;
        },
    .make_reader = [](std::vector<std::string>) -> std::unique_ptr<ToolCallReader> {
      return std::make_unique<GemmaReader>();
    },
    .markers = kMarkers};

}  // namespace nearside::engine
