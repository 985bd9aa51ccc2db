#include "gateway/dialect_openai_answer.h"

#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "http/sse.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

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

std::string usage_json(const chat::Usage& usage) {
  const std::string written =
      usage.cache_write_tokens == 0
          ? std::string()
          : fmt::format(",\"cache_write_tokens\":{}", usage.cache_write_tokens);
  return fmt::format(
      R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},"prompt_tokens_details":{{"cached_tokens":{}{}}},"completion_tokens_details":{{"reasoning_tokens":{}}}}})",
      usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens + usage.completion_tokens,
      usage.cached_tokens, written, usage.reasoning_tokens);
}

/// A token as text: bytes that are a part of a character become U+FFFD, as OpenAI has it.
std::string printable(const std::string& bytes) {
  return base::is_valid_utf8(bytes) ? bytes : "\xEF\xBF\xBD";
}

json::array bytes_of(const std::string& token) {
  json::array bytes;
  for (const char c : token) bytes.emplace_back(static_cast<unsigned char>(c));
  return bytes;
}

/// Completions' older form: parallel arrays.
json::object completion_logprobs(const std::vector<chat::TokenLogprob>& tokens,
                                 std::size_t text_offset) {
  json::array texts;
  json::array logprobs;
  json::array tops;
  json::array offsets;
  for (const chat::TokenLogprob& token : tokens) {
    texts.emplace_back(printable(token.bytes));
    logprobs.emplace_back(token.logprob);
    json::object top;
    for (const auto& other : token.top) top[printable(other.bytes)] = other.logprob;
    tops.emplace_back(std::move(top));
    offsets.emplace_back(text_offset);
    text_offset += token.bytes.size();
  }
  return {{"tokens", std::move(texts)},
          {"token_logprobs", std::move(logprobs)},
          {"top_logprobs", std::move(tops)},
          {"text_offset", std::move(offsets)}};
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

  void choice_ended(std::string& out, const chat::ChoiceEnded& ended) override {
    chunk(out, ended.choice, "", "null", fmt::format("\"{}\"", reason_name(ended.reason)));
    choices_ended_ = true;
  }

  void end(std::string& out, const AnswerEnd& end) override {
    if (!choices_ended_) {
      chunk(out, 0, "", "null", fmt::format("\"{}\"", reason_name(end.reason)));
      out.insert(out.rfind('}'), seam_member(end));
    }
    if (stream_usage_)
      http::append_sse(
          out, fmt::format(R"({}"choices":[],"usage":{}}})", chunk_start_, usage_json(end.usage)));
    http::append_sse(out, "[DONE]");
  }

  void failure(std::string& out, const ApiError& error) override {
    http::append_sse(out, openai_error_json(error));
  }

  [[nodiscard]] std::string whole(const WholeAnswer& answer) const override {
    std::string choices;
    for (std::size_t i = 0; i < answer.choices.size(); ++i) {
      if (i != 0) choices.push_back(',');
      choices += whole_choice(answer.choices[i], i);
    }
    return fmt::format(R"({}"choices":[{}],"usage":{}}})", whole_start_, choices,
                       usage_json(answer.end.usage));
  }

 protected:
  [[nodiscard]] virtual std::string whole_choice(const WholeChoice& choice,
                                                 std::size_t index) const = 0;
  /// One chunk with the content in the form of this call.
  virtual void chunk(std::string& out, std::uint32_t choice, std::string_view content,
                     std::string_view logprobs, std::string_view reason) = 0;

  const bool stream_usage_;
  const std::string whole_start_;  // `{"id":...,"model":"...",`
  const std::string chunk_start_;

 private:
  static std::string start(const AnswerHead& head, std::string_view id_prefix,
                           std::string_view object) {
    return fmt::format(R"({{"id":"{}{}","object":"{}","created":{},"model":{},)", id_prefix,
                       head.decision_id, object, head.created_unix_s, quoted(head.model));
  }

  bool choices_ended_ = false;
};

class ChatAnswer final : public OpenAiAnswer {
 public:
  explicit ChatAnswer(const AnswerHead& head)
      : OpenAiAnswer(head, "chatcmpl-", "chat.completion", "chat.completion.chunk") {}

  void begin(std::string& out) override {
    chunk(out, 0, R"("role":"assistant","content":"")", "null", "null");
  }
  void text(std::string& out, const chat::TextDelta& delta) override {
    chunk(out, delta.choice, "\"content\":" + quoted(delta.text),
          delta.logprobs.empty() ? "null"
                                 : fmt::format(R"({{"content":{},"refusal":null}})",
                                               json::serialize(openai_logprobs(delta.logprobs))),
          "null");
  }
  void reasoning(std::string& out, const chat::ReasoningDelta& delta) override {
    if (delta.text.empty()) return;
    chunk(out, delta.choice, "\"reasoning_content\":" + quoted(delta.text), "null", "null");
  }
  void tool_calls(std::string& out, const chat::ToolCallDelta& delta) override {
    chunk(out, delta.choice, fmt::format("\"tool_calls\":{}", delta.tool_calls_json), "null",
          "null");
  }

 protected:
  [[nodiscard]] std::string whole_choice(const WholeChoice& choice,
                                         std::size_t index) const override {
    const bool calls = !choice.tool_calls.empty();
    return fmt::format(
        R"({{"index":{},"message":{{"role":"assistant","content":{},"refusal":null{}{}{}{}}},"logprobs":{},"finish_reason":"{}"}})",
        index, calls && choice.text.empty() ? "null" : quoted(choice.text),
        choice.reasoning.empty() ? "" : ",\"reasoning_content\":",
        choice.reasoning.empty() ? "" : quoted(choice.reasoning), calls ? ",\"tool_calls\":" : "",
        calls ? json::serialize(choice.tool_calls) : "",
        choice.logprobs.empty() ? "null"
                                : fmt::format(R"({{"content":{},"refusal":null}})",
                                              json::serialize(openai_logprobs(choice.logprobs))),
        reason_name(choice.reason));
  }

  void chunk(std::string& out, std::uint32_t choice, std::string_view content,
             std::string_view logprobs, std::string_view reason) override {
    fmt::format_to(std::back_inserter(out),
                   "data: {}\"choices\":[{{\"index\":{},\"delta\":{{{}}},\"logprobs\":{},"
                   "\"finish_reason\":{}}}]}}\n\n",
                   chunk_start_, choice, content, logprobs, reason);
  }
};

class CompletionAnswer final : public OpenAiAnswer {
 public:
  explicit CompletionAnswer(const AnswerHead& head)
      : OpenAiAnswer(head, "cmpl-", "text_completion", "text_completion") {}

  void begin(std::string&) override {}
  void text(std::string& out, const chat::TextDelta& delta) override {
    chunk(out, delta.choice, quoted(delta.text),
          delta.logprobs.empty()
              ? "null"
              : json::serialize(completion_logprobs(delta.logprobs, text_offset_)),
          "null");
    text_offset_ += delta.text.size();
  }
  // This call knows neither thoughts nor tools.
  void reasoning(std::string&, const chat::ReasoningDelta&) override {}
  void tool_calls(std::string&, const chat::ToolCallDelta&) override {}

 protected:
  [[nodiscard]] std::string whole_choice(const WholeChoice& choice,
                                         std::size_t index) const override {
    return fmt::format(
        R"({{"text":{},"index":{},"logprobs":{},"finish_reason":"{}"}})", quoted(choice.text),
        index,
        choice.logprobs.empty() ? "null" : json::serialize(completion_logprobs(choice.logprobs, 0)),
        reason_name(choice.reason));
  }

  void chunk(std::string& out, std::uint32_t choice, std::string_view content,
             std::string_view logprobs, std::string_view reason) override {
    fmt::format_to(
        std::back_inserter(out),
        "data: {}\"choices\":[{{\"text\":{},\"index\":{},\"logprobs\":{},\"finish_reason\":{}}}]}}"
        "\n\n",
        chunk_start_, content.empty() ? "\"\"" : content, choice, logprobs, reason);
  }

 private:
  std::size_t text_offset_ = 0;
};

/// Vectors are never streamed; a client that asks for a stream gets the whole.
class EmbeddingsAnswer final : public Answer {
 public:
  explicit EmbeddingsAnswer(const AnswerHead& head)
      : model_(head.model), base64_(head.embeddings_base64) {}

  [[nodiscard]] std::string whole(const WholeAnswer& answer) const override {
    std::string data;
    for (std::size_t i = 0; i < answer.embeddings.size(); ++i)
      data += fmt::format(R"({}{{"object":"embedding","index":{},"embedding":{}}})",
                          i == 0 ? "" : ",", i, vector_json(answer.embeddings[i]));
    const std::uint64_t tokens = answer.end.usage.prompt_tokens;
    return fmt::format(
        R"({{"object":"list","data":[{}],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})",
        data, quoted(model_), tokens, tokens);
  }
  [[nodiscard]] std::string_view stream_content_type() const override { return "application/json"; }
  void begin(std::string&) override {}
  void text(std::string&, const chat::TextDelta&) override {}
  void reasoning(std::string&, const chat::ReasoningDelta&) override {}
  void tool_calls(std::string&, const chat::ToolCallDelta&) override {}
  void end(std::string&, const AnswerEnd&) override {}
  void failure(std::string& out, const ApiError& error) override {
    out += openai_error_json(error);
  }

 private:
  [[nodiscard]] std::string vector_json(const std::vector<float>& vector) const {
    if (base64_) {
      static_assert(std::endian::native == std::endian::little,
                    "the wire has little-endian floats");
      std::string bytes(vector.size() * sizeof(float), '\0');
      std::memcpy(bytes.data(), vector.data(), bytes.size());
      return quoted(base::base64_encode(bytes));
    }
    std::string text = "[";
    for (const float value : vector)
      fmt::format_to(std::back_inserter(text), "{}{}", text.size() == 1 ? "" : ",", value);
    return text + "]";
  }

  const std::string model_;
  const bool base64_;
};

}  // namespace

std::string quoted(std::string_view text) { return json::serialize(json::string_view(text)); }

json::array openai_logprobs(const std::vector<chat::TokenLogprob>& tokens) {
  json::array all;
  for (const chat::TokenLogprob& token : tokens) {
    json::array top;
    for (const auto& other : token.top)
      top.emplace_back(json::object{{"token", printable(other.bytes)},
                                    {"logprob", other.logprob},
                                    {"bytes", bytes_of(other.bytes)}});
    all.emplace_back(json::object{{"token", printable(token.bytes)},
                                  {"logprob", token.logprob},
                                  {"bytes", bytes_of(token.bytes)},
                                  {"top_logprobs", std::move(top)}});
  }
  return all;
}

std::string openai_error_json(const ApiError& error) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? std::string("null") : quoted(text);
  };
  return fmt::format(R"({{"error":{{"message":{},"type":{},"param":{},"code":{}}}}})",
                     quoted(error.message), quoted(error.type), or_null(error.param),
                     or_null(error.code));
}

std::unique_ptr<Answer> make_openai_chat_answer(const AnswerHead& head) {
  return std::make_unique<ChatAnswer>(head);
}
std::unique_ptr<Answer> make_openai_completion_answer(const AnswerHead& head) {
  return std::make_unique<CompletionAnswer>(head);
}
std::unique_ptr<Answer> make_openai_embeddings_answer(const AnswerHead& head) {
  return std::make_unique<EmbeddingsAnswer>(head);
}

}  // namespace nearside::gateway
