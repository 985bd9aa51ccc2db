// OpenAI's responses. Source of all shapes: OpenAI's published OpenAPI document (Response,
// ResponseStreamEvent), and bodies recorded from it.
#include <array>
#include <map>

#include <fmt/format.h>

#include "gateway/dialect.h"
#include "gateway/dialect_openai_answer.h"
#include "gateway/dialect_responses_parse.h"
#include "gateway/tool_calls.h"
#include "http/sse.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

constexpr std::array<Operation, 1> kOperations = {{{"/v1/responses", "responses"}}};

json::object usage_object(const chat::Usage& usage) {
  return {{"input_tokens", usage.prompt_tokens},
          {"input_tokens_details", json::object{{"cached_tokens", usage.cached_tokens}}},
          {"output_tokens", usage.completion_tokens},
          {"output_tokens_details", json::object{{"reasoning_tokens", usage.reasoning_tokens}}},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

class ResponsesAnswer final : public Answer {
 public:
  explicit ResponsesAnswer(const AnswerHead& head) : head_(head) {}

  [[nodiscard]] std::string whole(const WholeAnswer& answer) const override {
    const WholeChoice& choice = answer.choices.front();
    json::array output;
    if (!choice.reasoning.empty()) output.emplace_back(reasoning_item(0, choice.reasoning, true));
    if (!choice.text.empty() || (choice.tool_calls.empty() && choice.reasoning.empty()))
      output.emplace_back(message_item(output.size(), choice.text, true));
    for (const json::value& value : choice.tool_calls) {
      ToolCallPiece call;
      const json::object& object = value.get_object();
      if (const json::value* id = object.if_contains("id"); id && id->is_string())
        call.id = id->get_string();
      if (const json::value* function = object.if_contains("function");
          function && function->is_object()) {
        if (const auto* name = function->get_object().if_contains("name");
            name && name->is_string())
          call.name = name->get_string();
        if (const auto* text = function->get_object().if_contains("arguments");
            text && text->is_string())
          call.arguments = text->get_string();
      }
      output.emplace_back(call_item(output.size(), call, true));
    }
    return json::serialize(response(status_of(answer.end), std::move(output), &answer.end));
  }

  [[nodiscard]] std::string_view stream_content_type() const override {
    return "text/event-stream; charset=utf-8";
  }

  void begin(std::string& out) override {
    for (const char* type : {"response.created", "response.in_progress"})
      event(out, type, {{"response", response("in_progress", {}, nullptr)}});
  }

  void text(std::string& out, const chat::TextDelta& piece) override {
    if (open_ != Open::kMessage) {
      close(out);
      open_ = Open::kMessage;
      index_ = next_index_++;
      event(out, "response.output_item.added",
            {{"output_index", index_}, {"item", message_item(index_, "", false)}});
      event(out, "response.content_part.added",
            {{"item_id", item_id("msg", index_)},
             {"output_index", index_},
             {"content_index", 0},
             {"part", text_part("")}});
    }
    text_ += piece.text;
    json::object data{{"item_id", item_id("msg", index_)},
                      {"output_index", index_},
                      {"content_index", 0},
                      {"delta", piece.text}};
    data["logprobs"] = openai_logprobs(piece.logprobs);
    event(out, "response.output_text.delta", std::move(data));
  }

  void reasoning(std::string& out, const chat::ReasoningDelta& piece) override {
    if (piece.text.empty()) return;
    if (open_ != Open::kReasoning) {
      close(out);
      open_ = Open::kReasoning;
      index_ = next_index_++;
      event(out, "response.output_item.added",
            {{"output_index", index_}, {"item", reasoning_item(index_, "", false)}});
    }
    text_ += piece.text;
    event(out, "response.reasoning_text.delta",
          {{"item_id", item_id("rs", index_)},
           {"output_index", index_},
           {"content_index", 0},
           {"delta", piece.text}});
  }

  void tool_calls(std::string& out, const chat::ToolCallDelta& piece) override {
    close(out);
    for (const ToolCallPiece& part : tool_call_pieces(piece.tool_calls_json)) {
      auto known = calls_.find(part.index);
      if (known == calls_.end()) {
        known = calls_.emplace(part.index, Call{next_index_++, {}}).first;
        known->second.call.id = part.id;
        known->second.call.name = part.name;
        event(out, "response.output_item.added",
              {{"output_index", known->second.index},
               {"item", call_item(known->second.index, known->second.call, false)}});
      }
      if (part.arguments.empty()) continue;
      known->second.call.arguments += part.arguments;
      event(out, "response.function_call_arguments.delta",
            {{"item_id", item_id("fc", known->second.index)},
             {"output_index", known->second.index},
             {"delta", part.arguments}});
    }
  }

  void end(std::string& out, const AnswerEnd& end) override {
    close(out);
    for (const auto& [number, call] : calls_) {
      event(out, "response.function_call_arguments.done",
            {{"item_id", item_id("fc", call.index)},
             {"output_index", call.index},
             {"name", call.call.name},
             {"arguments", call.call.arguments}});
      done(out, call.index, call_item(call.index, call.call, true));
    }
    json::array output;
    for (auto& [index, item] : done_) output.emplace_back(std::move(item));
    const std::string_view status = status_of(end);
    event(out, status == "completed" ? "response.completed" : "response.incomplete",
          {{"response", response(status, std::move(output), &end)}});
  }

  void failure(std::string& out, const ApiError& error) override {
    json::object failed = response("failed", {}, nullptr);
    failed["error"] = json::object{{"code", error.code}, {"message", error.message}};
    event(out, "response.failed", {{"response", std::move(failed)}});
  }

 private:
  enum class Open { kNone, kMessage, kReasoning };
  struct Call {
    std::size_t index = 0;  // of the output item
    ToolCallPiece call;
  };

  static std::string_view status_of(const AnswerEnd& end) {
    return end.reason == chat::FinishReason::kLength ||
                   end.reason == chat::FinishReason::kContentFilter
               ? "incomplete"
               : "completed";
  }
  [[nodiscard]] std::string item_id(std::string_view prefix, std::size_t index) const {
    return fmt::format("{}_{}_{}", prefix, head_.decision_id, index);
  }
  static json::object text_part(std::string_view text) {
    return {{"type", "output_text"},
            {"text", text},
            {"annotations", json::array()},
            {"logprobs", json::array()}};
  }
  [[nodiscard]] json::object message_item(std::size_t index, std::string_view text,
                                          bool complete) const {
    json::array content;
    if (complete) content.emplace_back(text_part(text));
    return {{"id", item_id("msg", index)},
            {"type", "message"},
            {"status", complete ? "completed" : "in_progress"},
            {"role", "assistant"},
            {"content", std::move(content)}};
  }
  [[nodiscard]] json::object reasoning_item(std::size_t index, std::string_view text,
                                            bool complete) const {
    json::array content;
    if (complete) content.emplace_back(json::object{{"type", "reasoning_text"}, {"text", text}});
    return {{"id", item_id("rs", index)},
            {"type", "reasoning"},
            {"summary", json::array()},
            {"content", std::move(content)}};
  }
  [[nodiscard]] json::object call_item(std::size_t index, const ToolCallPiece& call,
                                       bool complete) const {
    return {{"id", item_id("fc", index)},
            {"type", "function_call"},
            {"status", complete ? "completed" : "in_progress"},
            {"call_id", call.id},
            {"name", call.name},
            {"arguments", complete ? call.arguments : std::string()}};
  }

  [[nodiscard]] json::object response(std::string_view status, json::array output,
                                      const AnswerEnd* end) const {
    json::object object{{"id", "resp_" + head_.decision_id},
                        {"object", "response"},
                        {"created_at", head_.created_unix_s},
                        {"status", status},
                        {"error", nullptr},
                        {"incomplete_details", nullptr},
                        {"instructions", nullptr},
                        {"metadata", json::object()},
                        {"model", head_.model},
                        {"output", std::move(output)},
                        {"parallel_tool_calls", true},
                        {"previous_response_id", nullptr},
                        {"store", false},
                        {"temperature", nullptr},
                        {"tool_choice", "auto"},
                        {"tools", json::array()},
                        {"top_p", nullptr},
                        {"usage", nullptr}};
    if (end == nullptr) return object;
    object["usage"] = usage_object(end->usage);
    if (end->seam) object["nearside"] = seam_object(*end->seam);
    if (status == "incomplete")
      object["incomplete_details"] =
          json::object{{"reason", end->reason == chat::FinishReason::kLength ? "max_output_tokens"
                                                                             : "content_filter"}};
    return object;
  }

  void event(std::string& out, std::string_view type, json::object data) {
    json::object whole{{"type", type}, {"sequence_number", sequence_++}};
    for (auto& member : data) whole[member.key()] = std::move(member.value());
    http::append_sse(out, json::serialize(whole), type);
  }
  void done(std::string& out, std::size_t index, json::object item) {
    event(out, "response.output_item.done", {{"output_index", index}, {"item", item}});
    done_[index] = std::move(item);
  }
  void close(std::string& out) {
    const Open was = std::exchange(open_, Open::kNone);
    const std::string text = std::exchange(text_, {});
    if (was == Open::kMessage) {
      const std::string id = item_id("msg", index_);
      event(out, "response.output_text.done",
            {{"item_id", id},
             {"output_index", index_},
             {"content_index", 0},
             {"text", text},
             {"logprobs", json::array()}});
      event(out, "response.content_part.done",
            {{"item_id", id},
             {"output_index", index_},
             {"content_index", 0},
             {"part", text_part(text)}});
      done(out, index_, message_item(index_, text, true));
    } else if (was == Open::kReasoning) {
      event(out, "response.reasoning_text.done",
            {{"item_id", item_id("rs", index_)},
             {"output_index", index_},
             {"content_index", 0},
             {"text", text}});
      done(out, index_, reasoning_item(index_, text, true));
    }
  }

  const AnswerHead head_;
  std::uint64_t sequence_ = 0;
  Open open_ = Open::kNone;
  std::size_t index_ = 0;  // of the open item
  std::size_t next_index_ = 0;
  std::string text_;                          // of the open item
  std::map<std::size_t, Call> calls_;         // by the number of the call
  std::map<std::size_t, json::object> done_;  // by output index
};

class ResponsesDialect final : public Dialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "responses"; }
  [[nodiscard]] std::span<const Operation> operations() const override { return kOperations; }
  [[nodiscard]] std::variant<Asked, ApiError> parse(const Operation&,
                                                    std::string_view body) const override {
    return parse_responses(body);
  }
  [[nodiscard]] std::unique_ptr<Answer> answer(const Operation&, AnswerHead head) const override {
    return std::make_unique<ResponsesAnswer>(head);
  }
  [[nodiscard]] http::Response error(const ApiError& error) const override {
    return openai_dialect().error(error);
  }
  [[nodiscard]] bool owns(std::string_view path) const override {
    return path.starts_with("/v1/responses");
  }
};

}  // namespace

const Dialect& responses_dialect() {
  static const ResponsesDialect dialect;
  return dialect;
}

}  // namespace nearside::gateway
