// Ollama's own API. Source of all shapes: Ollama's API document (docs/api.md).
#include <array>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "gateway/dialect.h"
#include "gateway/dialect_ollama_parse.h"
#include "gateway/dialect_openai_answer.h"
#include "gateway/tool_calls.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

constexpr std::array<Operation, 3> kOperations = {{
    {"/api/chat", "ollama.chat"},
    {"/api/generate", "ollama.generate"},
    {"/api/embed", "ollama.embed"},
}};

std::string_view done_reason(chat::FinishReason reason) {
  return reason == chat::FinishReason::kLength ? "length" : "stop";
}

std::int64_t nanoseconds(double milliseconds) {
  return static_cast<std::int64_t>(milliseconds * 1e6);
}

/// What the last line has besides the answer. Loading happens before requests here, and reading the
/// prompt is what takes the time until the first token.
std::string figures(const AnswerEnd& end) {
  return fmt::format(
      R"("done":true,"done_reason":"{}","total_duration":{},"load_duration":0,"prompt_eval_count":{},"prompt_eval_duration":{},"eval_count":{},"eval_duration":{}{})",
      done_reason(end.reason), nanoseconds(end.total_ms), end.usage.prompt_tokens,
      nanoseconds(end.ttft_ms), end.usage.completion_tokens,
      nanoseconds(std::max(0.0, end.total_ms - end.ttft_ms)), seam_member(end));
}

/// Ollama's calls have arguments as an object.
json::array calls_of(const json::array& canonical) {
  json::array calls;
  for (const json::value& value : canonical) {
    const json::value* function = value.get_object().if_contains("function");
    if (function == nullptr || !function->is_object()) continue;
    const json::object& inner = function->get_object();
    json::value arguments = json::object();
    if (const json::value* text = inner.if_contains("arguments"); text && text->is_string())
      if (auto parsed = base::parse_json(text->get_string()); parsed && parsed->is_object())
        arguments = *std::move(parsed);
    const json::value* name = inner.if_contains("name");
    const json::value* id = value.get_object().if_contains("id");
    calls.emplace_back(
        json::object{{"id", id != nullptr ? *id : json::value("")},
                     {"function", json::object{{"name", name != nullptr ? *name : json::value("")},
                                               {"arguments", std::move(arguments)}}}});
  }
  return calls;
}

/// One object a line. Chat and generate differ in where the text stands.
class LinesAnswer final : public Answer {
 public:
  LinesAnswer(const AnswerHead& head, bool chat)
      : chat_(chat),
        start_(fmt::format(R"({{"model":{},"created_at":"{:%Y-%m-%dT%H:%M:%SZ}",)",
                           quoted(head.model),
                           fmt::gmtime(static_cast<std::time_t>(head.created_unix_s)))) {}

  [[nodiscard]] std::string whole(const WholeAnswer& answer) const override {
    const WholeChoice& choice = answer.choices.front();
    return fmt::format(
        "{}{},{}}}", start_,
        content(choice.text, choice.reasoning,
                choice.tool_calls.empty() ? "" : json::serialize(calls_of(choice.tool_calls))),
        figures(answer.end));
  }
  [[nodiscard]] std::string_view stream_content_type() const override {
    return "application/x-ndjson";
  }
  void begin(std::string&) override {}
  void text(std::string& out, const chat::TextDelta& delta) override {
    line(out, content(delta.text, "", ""));
  }
  void reasoning(std::string& out, const chat::ReasoningDelta& delta) override {
    if (!delta.text.empty()) line(out, content("", delta.text, ""));
  }
  /// Calls are told whole, since their arguments are objects here.
  void tool_calls(std::string&, const chat::ToolCallDelta& delta) override {
    // A piece that is broken was told to the ledger by nobody; what is whole is still passed on.
    static_cast<void>(calls_.add(delta.tool_calls_json));
  }
  void end(std::string& out, const AnswerEnd& end) override {
    if (const json::array calls = calls_of(calls_.take()); !calls.empty())
      line(out, content("", "", json::serialize(calls)));
    fmt::format_to(std::back_inserter(out), "{}{},{}}}\n", start_, content("", "", ""),
                   figures(end));
  }
  void failure(std::string& out, const ApiError& error) override {
    fmt::format_to(std::back_inserter(out), "{{\"error\":{}}}\n", quoted(error.message));
  }

 private:
  [[nodiscard]] std::string content(std::string_view text, std::string_view thinking,
                                    std::string_view calls) const {
    const std::string thought =
        thinking.empty() ? std::string() : fmt::format(R"(,"thinking":{})", quoted(thinking));
    if (!chat_) return fmt::format(R"("response":{}{})", quoted(text), thought);
    const std::string tools =
        calls.empty() ? std::string() : fmt::format(R"(,"tool_calls":{})", calls);
    return fmt::format(R"("message":{{"role":"assistant","content":{}{}{}}})", quoted(text),
                       thought, tools);
  }
  void line(std::string& out, std::string_view content) const {
    fmt::format_to(std::back_inserter(out), "{}{},\"done\":false}}\n", start_, content);
  }

  const bool chat_;
  const std::string start_;
  ToolCallAssembler calls_;
};

class EmbedAnswer final : public Answer {
 public:
  explicit EmbedAnswer(const AnswerHead& head) : model_(head.model) {}

  [[nodiscard]] std::string whole(const WholeAnswer& answer) const override {
    std::string vectors;
    for (const std::vector<float>& vector : answer.embeddings)
      vectors += fmt::format("{}[{}]", vectors.empty() ? "" : ",", fmt::join(vector, ","));
    return fmt::format(
        R"({{"model":{},"embeddings":[{}],"total_duration":{},"load_duration":0,"prompt_eval_count":{}}})",
        quoted(model_), vectors, nanoseconds(answer.end.total_ms), answer.end.usage.prompt_tokens);
  }
  [[nodiscard]] std::string_view stream_content_type() const override { return "application/json"; }
  void begin(std::string&) override {}
  void text(std::string&, const chat::TextDelta&) override {}
  void reasoning(std::string&, const chat::ReasoningDelta&) override {}
  void tool_calls(std::string&, const chat::ToolCallDelta&) override {}
  void end(std::string&, const AnswerEnd&) override {}
  void failure(std::string& out, const ApiError& error) override {
    out += fmt::format(R"({{"error":{}}})", quoted(error.message));
  }

 private:
  const std::string model_;
};

class OllamaDialect final : public Dialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "ollama"; }
  [[nodiscard]] std::span<const Operation> operations() const override { return kOperations; }
  [[nodiscard]] std::variant<Asked, ApiError> parse(const Operation& operation,
                                                    std::string_view body) const override {
    if (operation.path == kOperations[0].path) return parse_ollama_chat(body);
    if (operation.path == kOperations[1].path) return parse_ollama_generate(body);
    return parse_ollama_embed(body);
  }
  [[nodiscard]] std::unique_ptr<Answer> answer(const Operation& operation,
                                               AnswerHead head) const override {
    if (operation.path == kOperations[2].path) return std::make_unique<EmbedAnswer>(head);
    return std::make_unique<LinesAnswer>(head, operation.path == kOperations[0].path);
  }
  [[nodiscard]] http::Response error(const ApiError& error) const override {
    return {error.status,
            {{"content-type", "application/json"}},
            fmt::format(R"({{"error":{}}})", quoted(error.message))};
  }
  [[nodiscard]] bool owns(std::string_view path) const override {
    return path.starts_with("/api/");
  }
};

}  // namespace

const Dialect& ollama_dialect() {
  static const OllamaDialect dialect;
  return dialect;
}

}  // namespace nearside::gateway
