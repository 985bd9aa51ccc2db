// Anthropic's messages. Source of all shapes: Anthropic's API reference (Messages, Streaming
// messages, Errors), and bodies recorded from it.
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "gateway/dialect.h"
#include "gateway/dialect_anthropic_parse.h"
#include "gateway/dialect_openai_answer.h"
#include "gateway/tool_calls.h"
#include "http/sse.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

constexpr std::array<Operation, 1> kOperations = {{{"/v1/messages", "messages"}}};

std::string_view stop_reason(const AnswerEnd& end) {
  switch (end.reason) {
    case chat::FinishReason::kStop:
      return end.stop_sequence.empty() ? "end_turn" : "stop_sequence";
    case chat::FinishReason::kLength:
      return "max_tokens";
    case chat::FinishReason::kToolCalls:
      return "tool_use";
    case chat::FinishReason::kContentFilter:
      return "refusal";
  }
  return "end_turn";
}

std::string stop_sequence_json(const AnswerEnd& end) {
  return end.stop_sequence.empty() ? "null" : quoted(end.stop_sequence);
}

/// Input is counted without what a cache held or was given.
std::string usage_json(const chat::Usage& usage) {
  const std::uint64_t cache = usage.cached_tokens + usage.cache_write_tokens;
  return fmt::format(
      R"({{"input_tokens":{},"cache_creation_input_tokens":{},"cache_read_input_tokens":{},"output_tokens":{}}})",
      usage.prompt_tokens > cache ? usage.prompt_tokens - cache : 0, usage.cache_write_tokens,
      usage.cached_tokens, usage.completion_tokens);
}

std::string_view error_type(int status) {
  switch (status) {
    case 400:
    case 405:
      return "invalid_request_error";
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string error_json(const ApiError& error) {
  return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":{}}}}})",
                     error_type(error.status), quoted(error.message));
}

/// The arguments of a finished call as an object; a model may have written something else.
json::value input_of(const json::object& function) {
  const json::value* arguments = function.if_contains("arguments");
  if (arguments != nullptr && arguments->is_string()) {
    auto parsed = base::parse_json(arguments->get_string());
    if (parsed && parsed->is_object()) return *std::move(parsed);
    if (!arguments->get_string().empty()) return json::object{{"arguments", *arguments}};
  }
  return json::object();
}

class MessagesAnswer final : public Answer {
 public:
  explicit MessagesAnswer(const AnswerHead& head)
      : id_("msg_" + head.decision_id), model_(head.model), prompt_tokens_(head.prompt_tokens) {}

  [[nodiscard]] std::string whole(const WholeAnswer& answer) const override {
    const WholeChoice& choice = answer.choices.front();
    json::array content;
    if (!choice.reasoning.empty())
      content.emplace_back(json::object{{"type", "thinking"},
                                        {"thinking", choice.reasoning},
                                        {"signature", choice.reasoning_signature}});
    if (!choice.text.empty() || (choice.tool_calls.empty() && choice.reasoning.empty()))
      content.emplace_back(json::object{{"type", "text"}, {"text", choice.text}});
    for (const json::value& value : choice.tool_calls) {
      const json::object& call = value.get_object();
      const json::value* function = call.if_contains("function");
      if (function == nullptr || !function->is_object()) continue;
      const json::value* id = call.if_contains("id");
      const json::value* name = function->get_object().if_contains("name");
      content.emplace_back(json::object{{"type", "tool_use"},
                                        {"id", id != nullptr ? *id : json::value("")},
                                        {"name", name != nullptr ? *name : json::value("")},
                                        {"input", input_of(function->get_object())}});
    }
    return fmt::format(
        R"({{"id":"{}","type":"message","role":"assistant","model":{},"content":{},"stop_reason":"{}","stop_sequence":{},"usage":{}}})",
        id_, quoted(model_), json::serialize(content), stop_reason(answer.end),
        stop_sequence_json(answer.end), usage_json(answer.end.usage));
  }

  [[nodiscard]] std::string_view stream_content_type() const override {
    return "text/event-stream; charset=utf-8";
  }

  void begin(std::string& out) override {
    chat::Usage usage;
    usage.prompt_tokens = prompt_tokens_;
    event(
        out, "message_start",
        fmt::format(
            R"({{"type":"message_start","message":{{"id":"{}","type":"message","role":"assistant","model":{},"content":[],"stop_reason":null,"stop_sequence":null,"usage":{}}}}})",
            id_, quoted(model_), usage_json(usage)));
  }

  void text(std::string& out, const chat::TextDelta& piece) override {
    open(out, Block::kText, R"({"type":"text","text":""})");
    delta(out, fmt::format(R"({{"type":"text_delta","text":{}}})", quoted(piece.text)));
  }

  void reasoning(std::string& out, const chat::ReasoningDelta& piece) override {
    open(out, Block::kThinking, R"({"type":"thinking","thinking":"","signature":""})");
    if (!piece.text.empty())
      delta(out, fmt::format(R"({{"type":"thinking_delta","thinking":{}}})", quoted(piece.text)));
    if (!piece.signature.empty())
      delta(out,
            fmt::format(R"({{"type":"signature_delta","signature":{}}})", quoted(piece.signature)));
  }

  /// Blocks come one after another, while pieces of parallel calls may alternate: the first call
  /// is passed on as it comes, the others when the answer ends.
  void tool_calls(std::string& out, const chat::ToolCallDelta& piece) override {
    for (ToolCallPiece& call : tool_call_pieces(piece.tool_calls_json)) {
      if (!first_call_) first_call_ = call.index;
      if (call.index == *first_call_ && (block_ == Block::kTool || calls_begun_ == 0)) {
        if (block_ != Block::kTool) open_call(out, call);
        arguments(out, call);
        continue;
      }
      ToolCallPiece& held = later_calls_[call.index];
      held.index = call.index;
      if (held.id.empty()) held.id = std::move(call.id);
      if (held.name.empty()) held.name = std::move(call.name);
      held.arguments += call.arguments;
    }
  }

  void end(std::string& out, const AnswerEnd& end) override {
    for (const auto& [index, call] : later_calls_) {
      close(out);
      open_call(out, call);
      arguments(out, call);
    }
    if (blocks_ == 0) open(out, Block::kText, R"({"type":"text","text":""})");
    close(out);
    event(
        out, "message_delta",
        fmt::format(
            R"({{"type":"message_delta","delta":{{"stop_reason":"{}","stop_sequence":{}}},"usage":{}{}}})",
            stop_reason(end), stop_sequence_json(end), usage_json(end.usage), seam_member(end)));
    event(out, "message_stop", R"({"type":"message_stop"})");
  }

  void failure(std::string& out, const ApiError& error) override {
    event(out, "error", error_json(error));
  }

 private:
  enum class Block { kNone, kText, kThinking, kTool };

  static void event(std::string& out, std::string_view name, std::string_view data) {
    http::append_sse(out, data, name);
  }
  void open(std::string& out, Block block, std::string_view content) {
    if (block_ == block) return;
    close(out);
    block_ = block;
    event(out, "content_block_start",
          fmt::format(R"({{"type":"content_block_start","index":{},"content_block":{}}})", blocks_,
                      content));
    ++blocks_;
  }
  void open_call(std::string& out, const ToolCallPiece& call) {
    ++calls_begun_;
    open(out, Block::kTool,
         fmt::format(R"({{"type":"tool_use","id":{},"name":{},"input":{{}}}})",
                     quoted(call.id.empty() ? fmt::format("toolu_{}", call.index) : call.id),
                     quoted(call.name)));
  }
  void arguments(std::string& out, const ToolCallPiece& call) {
    if (!call.arguments.empty())
      delta(out, fmt::format(R"({{"type":"input_json_delta","partial_json":{}}})",
                             quoted(call.arguments)));
  }
  void close(std::string& out) {
    if (block_ == Block::kNone) return;
    block_ = Block::kNone;
    event(out, "content_block_stop",
          fmt::format(R"({{"type":"content_block_stop","index":{}}})", blocks_ - 1));
  }
  void delta(std::string& out, std::string_view content) {
    event(out, "content_block_delta",
          fmt::format(R"({{"type":"content_block_delta","index":{},"delta":{}}})", blocks_ - 1,
                      content));
  }

  const std::string id_;
  const std::string model_;
  const std::size_t prompt_tokens_;
  Block block_ = Block::kNone;  // the one that is open
  std::size_t blocks_ = 0;      // begun so far
  std::optional<std::size_t> first_call_;
  std::size_t calls_begun_ = 0;
  std::map<std::size_t, ToolCallPiece> later_calls_;  // bounded by the upstream's reply
};

class AnthropicDialect final : public Dialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "anthropic"; }
  [[nodiscard]] std::span<const Operation> operations() const override { return kOperations; }
  [[nodiscard]] std::variant<Asked, ApiError> parse(const Operation&,
                                                    std::string_view body) const override {
    return parse_anthropic_messages(body);
  }
  [[nodiscard]] std::unique_ptr<Answer> answer(const Operation&, AnswerHead head) const override {
    return std::make_unique<MessagesAnswer>(head);
  }
  [[nodiscard]] http::Response error(const ApiError& error) const override {
    return {error.status, {{"content-type", "application/json"}}, error_json(error)};
  }
  [[nodiscard]] bool owns(std::string_view path) const override {
    return path.starts_with("/v1/messages");
  }
};

}  // namespace

const Dialect& anthropic_dialect() {
  static const AnthropicDialect dialect;
  return dialect;
}

}  // namespace nearside::gateway
