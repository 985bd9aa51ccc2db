// OpenAI's chat/completions and completions. Source of all shapes: OpenAI's published OpenAPI
// document (CreateChatCompletionResponse, CreateChatCompletionStreamResponse,
// CreateCompletionResponse, Error).
#include <array>

#include <fmt/format.h>

#include "gateway/dialect.h"
#include "gateway/dialect_openai_parse.h"
#include "http/sse.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

constexpr std::array<Operation, 2> kOperations = {{
    {"/v1/chat/completions", "chat.completions"},
    {"/v1/completions", "completions"},
}};

std::string_view reason_name(chat::FinishReason reason) {
  switch (reason) {
    case chat::FinishReason::kStop:
      return "stop";
    case chat::FinishReason::kLength:
      return "length";
    case chat::FinishReason::kToolCalls:
      return "tool_calls";
    case chat::FinishReason::kContentFilter:
      return "content_filter";
  }
  return "stop";
}

/// With quotes, ready to stand in JSON text.
std::string quoted(std::string_view text) { return json::serialize(json::string_view(text)); }

std::string usage_json(const chat::Usage& usage) {
  return fmt::format(
      R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},"prompt_tokens_details":{{"cached_tokens":{}}}}})",
      usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens + usage.completion_tokens,
      usage.cached_tokens);
}

std::string error_json(const ApiError& error) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? std::string("null") : quoted(text);
  };
  return fmt::format(R"({{"error":{{"message":{},"type":{},"param":{},"code":{}}}}})",
                     quoted(error.message), quoted(error.type), or_null(error.param),
                     or_null(error.code));
}

/// Streams differ only in what a choice holds, so the rest is here. The text of chunks is put
/// together by hand: one is written for each token of every answer.
class OpenAiAnswer : public Answer {
 public:
  OpenAiAnswer(const AnswerHead& head, std::string_view id_prefix, std::string_view object,
               std::string_view stream_object)
      : stream_usage_(head.stream_usage),
        whole_start_(start(head, id_prefix, object)),
        chunk_start_(start(head, id_prefix, stream_object)) {}

  [[nodiscard]] std::string_view stream_content_type() const override {
    return "text/event-stream; charset=utf-8";
  }

  void end(std::string& out, chat::FinishReason reason, const chat::Usage& usage) override {
    chunk(out, "", fmt::format("\"{}\"", reason_name(reason)));
    if (stream_usage_)
      http::append_sse(
          out, fmt::format(R"({}"choices":[],"usage":{}}})", chunk_start_, usage_json(usage)));
    http::append_sse(out, "[DONE]");
  }

  void failure(std::string& out, const ApiError& error) override {
    http::append_sse(out, error_json(error));
  }

 protected:
  /// One chunk with the content in the form of this call.
  virtual void chunk(std::string& out, std::string_view content, std::string_view reason) = 0;

  const bool stream_usage_;
  const std::string whole_start_;  // `{"id":...,"model":"...",`
  const std::string chunk_start_;

 private:
  static std::string start(const AnswerHead& head, std::string_view id_prefix,
                           std::string_view object) {
    return fmt::format(R"({{"id":"{}{}","object":"{}","created":{},"model":{},)", id_prefix,
                       head.decision_id, object, head.created_unix_s, quoted(head.model));
  }
};

class ChatAnswer final : public OpenAiAnswer {
 public:
  explicit ChatAnswer(const AnswerHead& head)
      : OpenAiAnswer(head, "chatcmpl-", "chat.completion", "chat.completion.chunk") {}

  [[nodiscard]] std::string whole(const WholeAnswer& answer) const override {
    const bool calls = !answer.tool_calls.empty();
    return fmt::format(
        R"({}"choices":[{{"index":0,"message":{{"role":"assistant","content":{},"refusal":null{}{}}},"logprobs":null,"finish_reason":"{}"}}],"usage":{}}})",
        whole_start_, calls && answer.text.empty() ? "null" : quoted(answer.text),
        calls ? ",\"tool_calls\":" : "", calls ? json::serialize(answer.tool_calls) : "",
        reason_name(answer.reason), usage_json(answer.usage));
  }

  void begin(std::string& out) override {
    chunk(out, R"("role":"assistant","content":"")", "null");
  }
  void text(std::string& out, std::string_view text) override {
    chunk(out, "\"content\":" + quoted(text), "null");
  }
  void tool_calls(std::string& out, std::string_view tool_calls_json) override {
    chunk(out, fmt::format("\"tool_calls\":{}", tool_calls_json), "null");
  }

 protected:
  void chunk(std::string& out, std::string_view content, std::string_view reason) override {
    fmt::format_to(
        std::back_inserter(out),
        "data: {}\"choices\":[{{\"index\":0,\"delta\":{{{}}},\"finish_reason\":{}}}]}}\n\n",
        chunk_start_, content, reason);
  }
};

class CompletionAnswer final : public OpenAiAnswer {
 public:
  explicit CompletionAnswer(const AnswerHead& head)
      : OpenAiAnswer(head, "cmpl-", "text_completion", "text_completion") {}

  [[nodiscard]] std::string whole(const WholeAnswer& answer) const override {
    return fmt::format(
        R"({}"choices":[{{"text":{},"index":0,"logprobs":null,"finish_reason":"{}"}}],"usage":{}}})",
        whole_start_, quoted(answer.text), reason_name(answer.reason), usage_json(answer.usage));
  }

  void begin(std::string&) override {}
  void text(std::string& out, std::string_view text) override { chunk(out, quoted(text), "null"); }
  void tool_calls(std::string&, std::string_view) override {}  // this call knows no tools

 protected:
  void chunk(std::string& out, std::string_view content, std::string_view reason) override {
    fmt::format_to(
        std::back_inserter(out),
        "data: "
        "{}\"choices\":[{{\"text\":{},\"index\":0,\"logprobs\":null,\"finish_reason\":{}}}]}}\n\n",
        chunk_start_, content.empty() ? "\"\"" : content, reason);
  }
};

class OpenAiDialect final : public Dialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai"; }
  [[nodiscard]] std::span<const Operation> operations() const override { return kOperations; }

  [[nodiscard]] std::variant<Asked, ApiError> parse(const Operation& operation,
                                                    std::string_view body) const override {
    return is_chat(operation) ? parse_openai_chat(body) : parse_openai_completion(body);
  }

  [[nodiscard]] std::unique_ptr<Answer> answer(const Operation& operation,
                                               AnswerHead head) const override {
    if (is_chat(operation)) return std::make_unique<ChatAnswer>(head);
    return std::make_unique<CompletionAnswer>(head);
  }

  [[nodiscard]] http::Response error(const ApiError& error) const override {
    return {error.status, {{"content-type", "application/json"}}, error_json(error)};
  }

 private:
  static bool is_chat(const Operation& operation) { return operation.path == kOperations[0].path; }
};

}  // namespace

const Dialect& openai_dialect() {
  static const OpenAiDialect dialect;
  return dialect;
}

}  // namespace nearside::gateway
