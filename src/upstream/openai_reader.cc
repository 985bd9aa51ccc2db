#include "upstream/openai_reader.h"

#include <optional>
#include <string>

#include "base/json.h"
#include "http/sse.h"
#include "upstream/estimate.h"
#include "upstream/reply_error.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;
using base::Code;
using base::fail;

// No honest request has more; a larger figure is a server's mistake, and would poison sums.
constexpr std::uint64_t kTokensMax = 1'000'000'000;
// Of a reply that is not streamed: a million tokens.
constexpr std::size_t kWholeReplyBytesMax = 16U << 20;

std::optional<std::uint64_t> count_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto count = value->to_number<std::uint64_t>(error);
  if (error || count > kTokensMax) return std::nullopt;
  return count;
}

/// Usage as reported; empty when it is absent or makes no sense.
std::optional<chat::Usage> read_usage(const json::object& chunk) {
  const json::value* value = chunk.if_contains("usage");
  if (value == nullptr || !value->is_object()) return std::nullopt;
  const json::object& object = value->get_object();
  const auto prompt = count_in(object, "prompt_tokens");
  if (!prompt) return std::nullopt;
  chat::Usage usage;
  usage.prompt_tokens = *prompt;
  usage.completion_tokens = count_in(object, "completion_tokens").value_or(0);
  if (const json::value* details = object.if_contains("prompt_tokens_details");
      details != nullptr && details->is_object())
    usage.cached_tokens = count_in(details->get_object(), "cached_tokens").value_or(0);
  if (usage.cached_tokens > usage.prompt_tokens) return std::nullopt;
  return usage;
}

std::optional<chat::FinishReason> read_reason(std::string_view text) {
  if (text == "stop" || text == "eos" || text == "end_turn") return chat::FinishReason::kStop;
  if (text == "length") return chat::FinishReason::kLength;
  if (text == "tool_calls" || text == "function_call") return chat::FinishReason::kToolCalls;
  if (text == "content_filter") return chat::FinishReason::kContentFilter;
  return std::nullopt;
}

base::Error garbage(std::string_view what) {
  return fail(Code::kUnavailable, "the server sent {}", what);
}

class OpenAiReader final : public ReplyReader {
 public:
  OpenAiReader(const chat::Request& request, const http::Headers& headers)
      : prompt_tokens_estimate_(estimate_prompt_tokens(request)) {
    const std::string_view type = http::find_header(headers, "content-type").value_or("");
    streamed_ = !type.starts_with("application/json");
  }

  base::Status feed(std::string_view bytes, const Emit& emit) override {
    if (!streamed_) {
      if (whole_.size() + bytes.size() > kWholeReplyBytesMax)
        return fail(Code::kTooLarge, "the server's reply is larger than {} bytes",
                    kWholeReplyBytesMax);
      whole_.append(bytes);
      return {};
    }
    base::Status status;
    const base::Status framing = parser_.feed(bytes, [&](const http::SseEvent& event) {
      if (status && !done_) status = take_event(event, emit);
    });
    if (!framing) return framing;
    return status;
  }

  chat::Event end(const base::Status& transport, const Emit& emit) override {
    if (!streamed_ && transport) {
      const auto parsed = base::parse_json(whole_);
      if (!parsed) return chat::Failed{garbage("a reply that is not JSON"), usage()};
      if (base::Status taken = take_chunk(*parsed, "message", emit); !taken)
        return chat::Failed{taken.error(), usage()};
      done_ = seen_choice_;
    }
    // With a finish reason the answer is whole, even if the connection then broke.
    if (reason_ || done_)
      return chat::Finished{reason_.value_or(chat::FinishReason::kStop), usage()};
    if (!transport) return chat::Failed{transport.error(), usage()};
    return chat::Failed{garbage(streamed_ ? "a stream that stops before the answer is complete"
                                          : "a reply without an answer in it"),
                        usage()};
  }

  [[nodiscard]] chat::Usage usage() const override {
    if (usage_) return *usage_;
    return {.prompt_tokens = prompt_tokens_estimate_,
            .completion_tokens = tokens_in(answer_bytes_),
            .cached_tokens = 0,
            .estimated = true};
  }

 private:
  base::Status take_event(const http::SseEvent& event, const Emit& emit) {
    if (event.data == "[DONE]") {
      if (!seen_choice_) return garbage("the end of a stream that had no answer in it");
      done_ = true;
      return {};
    }
    const auto parsed = base::parse_json(event.data);
    if (!parsed) return garbage("a chunk that is not JSON");
    return take_chunk(*parsed, "delta", emit);
  }

  /// A chunk of a stream (`delta`) or a whole reply (`message`).
  base::Status take_chunk(const json::value& chunk, std::string_view part, const Emit& emit) {
    if (!chunk.is_object()) return garbage("a chunk that is no JSON object");
    const json::object& object = chunk.get_object();
    if (const json::value* error = object.if_contains("error"); error && !error->is_null())
      return stream_error(*error);
    if (const auto usage = read_usage(object)) usage_ = usage;
    const json::value* choices = object.if_contains("choices");
    if (choices == nullptr || !choices->is_array())
      return usage_ ? base::Status() : garbage("a chunk without choices");
    for (const json::value& choice : choices->get_array()) {
      if (!choice.is_object()) return garbage("a choice that is no JSON object");
      const json::value* index = choice.get_object().if_contains("index");
      if (index != nullptr && index->is_int64() && index->get_int64() != 0) continue;
      if (base::Status taken = take_choice(choice.get_object(), part, emit); !taken) return taken;
    }
    return {};
  }

  base::Status take_choice(const json::object& choice, std::string_view part, const Emit& emit) {
    seen_choice_ = true;
    if (const json::value* text = choice.if_contains("text"); text && text->is_string())
      emit_text(text->get_string(), emit);
    if (const json::value* inner = choice.if_contains(part); inner && inner->is_object()) {
      const json::object& delta = inner->get_object();
      for (const char* field : {"content", "refusal"})
        if (const json::value* text = delta.if_contains(field); text && text->is_string())
          emit_text(text->get_string(), emit);
      if (const json::value* calls = delta.if_contains("tool_calls");
          calls && calls->is_array() && !calls->get_array().empty()) {
        std::string text = json::serialize(*calls);
        answer_bytes_ += text.size();
        emit(chat::ToolCallDelta{std::move(text)});
      }
    }
    if (const json::value* reason = choice.if_contains("finish_reason");
        reason && reason->is_string()) {
      reason_ = read_reason(reason->get_string());
      if (!reason_) reason_ = chat::FinishReason::kStop;  // a server's own word for an end
    }
    return {};
  }

  void emit_text(std::string_view text, const Emit& emit) {
    if (text.empty()) return;
    answer_bytes_ += text.size();
    emit(chat::TextDelta{std::string(text)});
  }

  static base::Status stream_error(const json::value& error) {
    std::string_view code;
    std::string_view message = "it does not say why";
    if (error.is_object()) {
      if (const json::value* found = error.get_object().if_contains("code");
          found && found->is_string())
        code = found->get_string();
      if (const json::value* found = error.get_object().if_contains("message");
          found && found->is_string())
        message = found->get_string();
    }
    return error_from_object(500, code, message);
  }

  const std::uint64_t prompt_tokens_estimate_;
  bool streamed_ = true;
  http::SseParser parser_;
  std::string whole_;
  std::size_t answer_bytes_ = 0;
  std::optional<chat::Usage> usage_;
  std::optional<chat::FinishReason> reason_;
  bool seen_choice_ = false;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> make_openai_reader(const chat::Request& request,
                                                const http::Headers& headers) {
  return std::make_unique<OpenAiReader>(request, headers);
}

}  // namespace nearside::upstream
