#include "upstream/bedrock_reader.h"

#include <map>

#include "upstream/event_stream.h"
#include "upstream/framed_reader.h"
#include "upstream/reply_error.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

std::optional<chat::FinishReason> read_reason(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "max_tokens" || text == "model_context_window_exceeded")
    return chat::FinishReason::kLength;
  if (text == "tool_use") return chat::FinishReason::kToolCalls;
  if (text == "guardrail_intervened" || text == "content_filtered")
    return chat::FinishReason::kContentFilter;
  return chat::FinishReason::kStop;  // end_turn, stop_sequence
}

int status_of(std::string_view exception) {
  if (exception == "throttlingException" || exception == "ThrottlingException") return 429;
  if (exception == "validationException" || exception == "ValidationException") return 400;
  return 500;
}

class BedrockReader final : public FramedReader {
 public:
  BedrockReader(const chat::Request& request, const http::Headers& headers)
      : FramedReader(request, Framing::kWhole),
        binary_(http::find_header(headers, "content-type")
                    .value_or("")
                    .starts_with("application/vnd.amazon.eventstream")) {}

  base::Status feed(std::string_view bytes, const Emit& emit) override {
    if (!binary_) return FramedReader::feed(bytes, emit);
    base::Status status;
    const base::Status framing = parser_.feed(bytes, [&](const EventFrame& frame) {
      if (status) status = take_frame(frame, emit);
    });
    // A frame that is broken is no answer: another target may have one.
    if (!framing) return garbage(framing.error().message);
    return status;
  }

 protected:
  /// A whole reply.
  base::Status take(const json::object& object, const Emit& emit) override {
    if (object.contains("embedding") || object.contains("embeddings"))
      return take_vectors(object, emit);
    const json::object* output = object_in(object, "output");
    const json::object* message = output != nullptr ? object_in(*output, "message") : nullptr;
    const json::array* content = message != nullptr ? array_in(*message, "content") : nullptr;
    if (content == nullptr) return garbage("a reply without an answer in it");
    for (const json::value& value : *content)
      if (const json::object* block = value.if_object()) take_block(*block, emit);
    take_usage(object);
    reason_ = read_reason(text_in(object, "stopReason"));
    return {};
  }

 private:
  struct Call {
    std::size_t number = 0;
    bool has_arguments = false;
  };

  base::Status take_frame(const EventFrame& frame, const Emit& emit) {
    const auto parsed = base::parse_json(frame.payload);
    if (!parsed || !parsed->is_object()) return garbage("an event that is no JSON object");
    const json::object& event = parsed->get_object();
    if (frame.message_type != "event")
      return error_from_object(status_of(frame.event_type), frame.event_type,
                               text_in(event, "message"));
    const auto index = count_in(event, "contentBlockIndex").value_or(0);
    if (frame.event_type == "contentBlockStart") {
      const json::object* start = object_in(event, "start");
      const json::object* tool = start != nullptr ? object_in(*start, "toolUse") : nullptr;
      if (tool != nullptr) {
        Call& begun = calls_[index];
        begun.number = calls_begun_++;
        call(begun.number, text_in(*tool, "toolUseId"), text_in(*tool, "name"), "", emit);
      }
    } else if (frame.event_type == "contentBlockDelta") {
      if (const json::object* delta = object_in(event, "delta")) take_delta(*delta, index, emit);
    } else if (frame.event_type == "contentBlockStop") {
      const auto open = calls_.find(index);
      if (open != calls_.end() && !open->second.has_arguments)
        call(open->second.number, "", "", "{}", emit);
    } else if (frame.event_type == "messageStop") {
      reason_ = read_reason(text_in(event, "stopReason"));
    } else if (frame.event_type == "metadata") {
      take_usage(event);
    }
    return {};
  }

  void take_delta(const json::object& delta, std::uint64_t index, const Emit& emit) {
    say(text_in(delta, "text"), 0, emit);
    if (const json::object* thought = object_in(delta, "reasoningContent"))
      think(text_in(*thought, "text"), text_in(*thought, "signature"), 0, emit);
    const json::object* tool = object_in(delta, "toolUse");
    const auto open = calls_.find(index);
    if (tool == nullptr || open == calls_.end()) return;
    const std::string_view input = text_in(*tool, "input");
    if (input.empty()) return;
    open->second.has_arguments = true;
    call(open->second.number, "", "", input, emit);
  }

  void take_block(const json::object& block, const Emit& emit) {
    say(text_in(block, "text"), 0, emit);
    if (const json::object* thought = object_in(block, "reasoningContent"))
      if (const json::object* text = object_in(*thought, "reasoningText"))
        think(text_in(*text, "text"), text_in(*text, "signature"), 0, emit);
    if (const json::object* tool = object_in(block, "toolUse")) {
      const json::object* input = object_in(*tool, "input");
      call(calls_begun_++, text_in(*tool, "toolUseId"), text_in(*tool, "name"),
           input != nullptr ? json::serialize(*input) : "{}", emit);
    }
  }

  /// Input is counted without what a cache held or was given.
  void take_usage(const json::object& holder) {
    const json::object* usage = object_in(holder, "usage");
    if (usage == nullptr) return;
    chat::Usage read;
    read.cached_tokens = count_in(*usage, "cacheReadInputTokens").value_or(0);
    read.cache_write_tokens = count_in(*usage, "cacheWriteInputTokens").value_or(0);
    read.prompt_tokens =
        count_in(*usage, "inputTokens").value_or(0) + read.cached_tokens + read.cache_write_tokens;
    read.completion_tokens = count_in(*usage, "outputTokens").value_or(0);
    usage_ = read;
  }

  /// Titan answers one text with one vector, Cohere several with several (by kind when asked so).
  base::Status take_vectors(const json::object& object, const Emit& emit) {
    const json::array* vectors = array_in(object, "embeddings");
    if (const json::object* by_kind = object_in(object, "embeddings"))
      vectors = array_in(*by_kind, "float");
    const json::array one = vectors == nullptr && object.contains("embedding")
                                ? json::array{object.at("embedding")}
                                : json::array();
    if (vectors == nullptr) vectors = &one;
    if (vectors->size() != inputs_count_) return garbage("another number of vectors than of texts");
    for (const json::value& value : *vectors) {
      std::vector<float> vector = floats_in(value);
      if (vector.empty()) return garbage("a vector that makes no sense");
      embed(static_cast<std::uint32_t>(embedded_count_), std::move(vector), emit);
    }
    if (const auto tokens = count_in(object, "inputTextTokenCount")) {
      usage_.emplace();
      usage_->prompt_tokens = *tokens;
    }
    done_ = true;
    return {};
  }

  const bool binary_;
  EventStreamParser parser_;
  std::map<std::uint64_t, Call> calls_;  // by the index of their block
  std::size_t calls_begun_ = 0;
};

}  // namespace

std::unique_ptr<ReplyReader> make_bedrock_reader(const chat::Request& request,
                                                 const http::Headers& headers) {
  return std::make_unique<BedrockReader>(request, headers);
}

}  // namespace nearside::upstream
