#include "upstream/anthropic_reader.h"

#include <map>

#include "upstream/framed_reader.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

std::optional<chat::FinishReason> read_reason(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "max_tokens" || text == "model_context_window_exceeded")
    return chat::FinishReason::kLength;
  if (text == "tool_use") return chat::FinishReason::kToolCalls;
  if (text == "refusal") return chat::FinishReason::kContentFilter;
  return chat::FinishReason::kStop;  // end_turn, stop_sequence, pause_turn
}

class AnthropicReader final : public FramedReader {
 public:
  AnthropicReader(const chat::Request& request, const http::Headers& headers)
      : FramedReader(request, framing_of(headers, Framing::kEvents)) {}

 protected:
  base::Status take(const json::object& object, const Emit& emit) override {
    const std::string_view type = text_in(object, "type");
    if (type == "error") {
      const json::value* error = object.if_contains("error");
      return reported(error != nullptr ? *error : json::value());
    }
    if (type == "message") return take_whole(object, emit);
    if (type == "message_start") {
      if (const json::object* message = object_in(object, "message")) take_usage(*message);
    } else if (type == "content_block_start") {
      return start_block(object, emit);
    } else if (type == "content_block_delta") {
      return take_delta(object, emit);
    } else if (type == "content_block_stop") {
      // A call without arguments has an empty object of them.
      const auto open = calls_.find(index_of(object));
      if (open != calls_.end() && !open->second.has_arguments)
        call(open->second.number, "", "", "{}", emit);
    } else if (type == "message_delta") {
      take_usage(object);
      if (const json::object* delta = object_in(object, "delta")) take_reason(*delta);
    } else if (type.empty()) {
      return garbage("an event without a type");
    }
    // "ping", "message_stop", and what is new.
    return {};
  }

 private:
  struct Call {
    std::size_t number = 0;
    bool has_arguments = false;
  };

  static std::uint64_t index_of(const json::object& object) {
    return count_in(object, "index").value_or(0);
  }

  base::Status take_whole(const json::object& message, const Emit& emit) {
    const json::array* content = array_in(message, "content");
    if (content == nullptr) return garbage("a message without content");
    for (const json::value& value : *content) {
      const json::object* block = value.if_object();
      if (block == nullptr) return garbage("a block that is no JSON object");
      const std::string_view type = text_in(*block, "type");
      if (type == "text") {
        say(text_in(*block, "text"), 0, emit);
      } else if (type == "thinking") {
        think(text_in(*block, "thinking"), text_in(*block, "signature"), 0, emit);
      } else if (type == "tool_use") {
        const json::object* input = object_in(*block, "input");
        call(calls_begun_++, text_in(*block, "id"), text_in(*block, "name"),
             input != nullptr ? json::serialize(*input) : "{}", emit);
      }
    }
    take_usage(message);
    take_reason(message);
    return {};
  }

  base::Status start_block(const json::object& object, const Emit& emit) {
    const json::object* block = object_in(object, "content_block");
    if (block == nullptr) return garbage("a block without content");
    const std::string_view type = text_in(*block, "type");
    if (type == "tool_use") {
      Call& begun = calls_[index_of(object)];
      begun.number = calls_begun_++;
      call(begun.number, text_in(*block, "id"), text_in(*block, "name"), "", emit);
    } else if (type == "text") {
      say(text_in(*block, "text"), 0, emit);
    } else if (type == "thinking") {
      think(text_in(*block, "thinking"), text_in(*block, "signature"), 0, emit);
    }
    return {};
  }

  base::Status take_delta(const json::object& object, const Emit& emit) {
    const json::object* delta = object_in(object, "delta");
    if (delta == nullptr) return garbage("a delta without content");
    const std::string_view type = text_in(*delta, "type");
    if (type == "text_delta") {
      say(text_in(*delta, "text"), 0, emit);
    } else if (type == "thinking_delta") {
      think(text_in(*delta, "thinking"), "", 0, emit);
    } else if (type == "signature_delta") {
      think("", text_in(*delta, "signature"), 0, emit);
    } else if (type == "input_json_delta") {
      const std::string_view part = text_in(*delta, "partial_json");
      const auto open = calls_.find(index_of(object));
      // Of a tool that the provider runs itself, which nobody here calls.
      if (part.empty() || open == calls_.end()) return {};
      open->second.has_arguments = true;
      call(open->second.number, "", "", part, emit);
    }
    return {};
  }

  /// Later figures replace earlier ones; those that are absent stay.
  void take_usage(const json::object& holder) {
    const json::object* usage = object_in(holder, "usage");
    if (usage == nullptr) return;
    const auto set = [usage](std::uint64_t& figure, std::string_view name) {
      if (const auto count = count_in(*usage, name)) figure = *count;
    };
    set(input_, "input_tokens");
    set(cache_read_, "cache_read_input_tokens");
    set(cache_written_, "cache_creation_input_tokens");
    set(output_, "output_tokens");
    chat::Usage sum;
    sum.prompt_tokens = input_ + cache_read_ + cache_written_;
    sum.cached_tokens = cache_read_;
    sum.cache_write_tokens = cache_written_;
    sum.completion_tokens = output_;
    usage_ = sum;
  }

  void take_reason(const json::object& holder) {
    reason_ = read_reason(text_in(holder, "stop_reason"));
    stop_sequence_ = text_in(holder, "stop_sequence");
  }

  std::map<std::uint64_t, Call> calls_;  // by the index of their block
  std::size_t calls_begun_ = 0;
  std::uint64_t input_ = 0;
  std::uint64_t cache_read_ = 0;
  std::uint64_t cache_written_ = 0;
  std::uint64_t output_ = 0;
};

}  // namespace

std::unique_ptr<ReplyReader> make_anthropic_reader(const chat::Request& request,
                                                   const http::Headers& headers) {
  return std::make_unique<AnthropicReader>(request, headers);
}

}  // namespace nearside::upstream
