#include "upstream/responses_reader.h"

#include <map>

#include "upstream/framed_reader.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

class ResponsesReader final : public FramedReader {
 public:
  ResponsesReader(const chat::Request& request, const http::Headers& headers)
      : FramedReader(request, framing_of(headers, Framing::kEvents)) {}

 protected:
  /// Some servers end with OpenAI's older mark too.
  base::Status take_mark(std::string_view mark) override {
    if (mark == "[DONE]" && reason_) return {};
    return garbage("the end of a stream that had no answer in it");
  }

  base::Status take(const json::object& object, const Emit& emit) override {
    const std::string_view type = text_in(object, "type");
    if (type == "error") return reported(json::value(object));
    if (type == "response.failed") {
      const json::object* response = object_in(object, "response");
      const json::value* error = response != nullptr ? response->if_contains("error") : nullptr;
      return reported(error != nullptr ? *error : json::value());
    }
    if (type == "response.completed" || type == "response.incomplete") {
      const json::object* response = object_in(object, "response");
      if (response == nullptr) return garbage("an end without a response");
      return take_end(*response);
    }
    if (type.empty()) return take_whole(object, emit);
    if (type == "response.output_text.delta" || type == "response.refusal.delta")
      say(text_in(object, "delta"), 0, emit);
    else if (type == "response.reasoning_text.delta" ||
             type == "response.reasoning_summary_text.delta")
      think(text_in(object, "delta"), "", 0, emit);
    else if (type == "response.output_item.added")
      begin_item(object, emit);
    else if (type == "response.function_call_arguments.delta" ||
             type == "response.custom_tool_call_input.delta")
      take_arguments(object, emit);
    return {};
  }

 private:
  static bool is_call(std::string_view type) {
    return type == "function_call" || type == "custom_tool_call";
  }

  void begin_item(const json::object& object, const Emit& emit) {
    const json::object* item = object_in(object, "item");
    if (item == nullptr || !is_call(text_in(*item, "type"))) return;
    const std::size_t number = calls_.size();
    calls_[count_in(object, "output_index").value_or(number)] = number;
    begin_call(number, *item, text_in(*item, "type") == "custom_tool_call", "", emit);
  }

  void begin_call(std::size_t number, const json::object& item, bool custom,
                  std::string_view arguments, const Emit& emit) {
    // A custom tool takes any text; as a function's arguments it is kept in an object when it is
    // known whole, and passed on as it comes when it is streamed.
    std::string text(arguments);
    if (custom && !text.empty() && !base::parse_json(text))
      text = json::serialize(json::object{{"input", arguments}});
    call(number, text_in(item, "call_id"), text_in(item, "name"), text, emit);
  }

  void take_arguments(const json::object& object, const Emit& emit) {
    const auto known = calls_.find(count_in(object, "output_index").value_or(0));
    if (known == calls_.end()) return;
    const std::string_view delta = text_in(object, "delta");
    if (!delta.empty()) call(known->second, "", "", delta, emit);
  }

  base::Status take_whole(const json::object& response, const Emit& emit) {
    if (const json::value* error = response.if_contains("error"); error && !error->is_null())
      return reported(*error);
    const json::array* output = array_in(response, "output");
    if (output == nullptr) return garbage("a response without output");
    for (const json::value& value : *output) {
      const json::object* item = value.if_object();
      if (item == nullptr) return garbage("an item that is no JSON object");
      const std::string_view type = text_in(*item, "type");
      if (is_call(type)) {
        const bool custom = type == "custom_tool_call";
        const std::size_t number = calls_.size();
        calls_[number] = number;
        begin_call(number, *item, custom, text_in(*item, custom ? "input" : "arguments"), emit);
      } else if (type == "message" || type == "reasoning") {
        take_content(*item, type == "reasoning", emit);
      }
    }
    return take_end(response);
  }

  void take_content(const json::object& item, bool thoughts, const Emit& emit) {
    for (const char* name : {"summary", "content"})
      if (const json::array* parts = array_in(item, name))
        for (const json::value& value : *parts) {
          const json::object* part = value.if_object();
          if (part == nullptr) continue;
          if (thoughts) {
            think(text_in(*part, "text"), "", 0, emit);
          } else {
            say(text_in(*part, "text"), 0, emit);
            say(text_in(*part, "refusal"), 0, emit);
          }
        }
  }

  base::Status take_end(const json::object& response) {
    if (const json::object* usage = object_in(response, "usage")) {
      chat::Usage read;
      read.prompt_tokens = count_in(*usage, "input_tokens").value_or(0);
      read.completion_tokens = count_in(*usage, "output_tokens").value_or(0);
      if (const json::object* details = object_in(*usage, "input_tokens_details"))
        read.cached_tokens = count_in(*details, "cached_tokens").value_or(0);
      if (const json::object* details = object_in(*usage, "output_tokens_details"))
        read.reasoning_tokens = count_in(*details, "reasoning_tokens").value_or(0);
      if (read.cached_tokens <= read.prompt_tokens) usage_ = read;
    }
    const std::string_view status = text_in(response, "status");
    if (status == "completed") {
      reason_ = calls_.empty() ? chat::FinishReason::kStop : chat::FinishReason::kToolCalls;
    } else if (status == "incomplete") {
      const json::object* details = object_in(response, "incomplete_details");
      reason_ = details != nullptr && text_in(*details, "reason") == "content_filter"
                    ? chat::FinishReason::kContentFilter
                    : chat::FinishReason::kLength;
    }
    return {};
  }

  std::map<std::uint64_t, std::size_t> calls_;  // number of a call by its output index
};

}  // namespace

std::unique_ptr<ReplyReader> make_responses_reader(const chat::Request& request,
                                                   const http::Headers& headers) {
  return std::make_unique<ResponsesReader>(request, headers);
}

}  // namespace nearside::upstream
