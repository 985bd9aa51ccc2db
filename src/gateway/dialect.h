// A dialect: how clients of one API ask and what they expect back.
//
// A new one is a file that defines a Dialect, plus one line in dialects.cc. Parsing and rendering
// are pure; what happens between them is the same for all (exchange.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "chat/event.h"
#include "chat/request.h"
#include "gateway/api_error.h"
#include "http/message.h"

namespace nearside::gateway {

/// A call that a dialect offers.
struct Operation {
  std::string_view path;  // "/v1/chat/completions"; always POST
  std::string_view name;  // "chat.completions", as the ledger has it
};

/// What a client asked.
struct Asked {
  chat::Request request;
  std::string model;  // "auto", a route, or "place/name"
  bool stream = false;
  bool stream_usage = false;       // the stream shall end with its token counts
  bool embeddings_base64 = false;  // vectors as base64 of their little-endian floats
  /// What a local model cannot honour ("images", "tools"): such a request may only go to an
  /// upstream, since ignoring it would give a wrong answer in silence. Empty: nothing. Set with
  /// need() (needs.h).
  std::string upstream_only;
};

/// What is known when an answer begins.
struct AnswerHead {
  std::string decision_id;
  std::string model;  // that answers: "place/name"
  std::int64_t created_unix_s = 0;
  bool stream_usage = false;
  bool embeddings_base64 = false;
  std::size_t prompt_tokens = 0;  // an estimate, for dialects that say it first
};

/// Where a second target took an answer up that the first had cut off.
struct Seam {
  std::string target;          // that wrote on
  std::size_t text_bytes = 0;  // of the answer's text that stand before it
};

/// How an answer ended.
struct AnswerEnd {
  chat::FinishReason reason = chat::FinishReason::kStop;  // of the first choice
  chat::Usage usage{};
  std::string stop_sequence{};
  double ttft_ms = 0;   // from the request's arrival to the first content
  double total_ms = 0;  // from the request's arrival to the end
  std::optional<Seam> seam{};
};

/// One of the answers to a request.
struct WholeChoice {
  std::string text;
  std::string reasoning;
  std::string reasoning_signature;
  base::json::array tool_calls;  // complete, without `index`
  std::vector<chat::TokenLogprob> logprobs;
  chat::FinishReason reason = chat::FinishReason::kStop;
};

/// A complete answer that was not streamed.
struct WholeAnswer {
  std::vector<WholeChoice> choices{1};         // at least one
  std::vector<std::vector<float>> embeddings;  // [input, dimension]
  AnswerEnd end;
};

/// Renders one answer: whole(), or begin(), any number of pieces, then end() or failure().
class Answer {
 public:
  virtual ~Answer() = default;
  [[nodiscard]] virtual std::string whole(const WholeAnswer& answer) const = 0;

  [[nodiscard]] virtual std::string_view stream_content_type() const = 0;
  virtual void begin(std::string& out) = 0;
  virtual void text(std::string& out, const chat::TextDelta& delta) = 0;
  virtual void reasoning(std::string& out, const chat::ReasoningDelta& delta) = 0;
  virtual void tool_calls(std::string& out, const chat::ToolCallDelta& delta) = 0;
  /// Only dialects that offer several choices have a word for it.
  virtual void choice_ended(std::string&, const chat::ChoiceEnded&) {}
  virtual void end(std::string& out, const AnswerEnd& end) = 0;
  /// Says that the answer is incomplete; no end mark may follow.
  virtual void failure(std::string& out, const ApiError& error) = 0;
};

/// Stateless; thread-safe.
class Dialect {
 public:
  virtual ~Dialect() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::span<const Operation> operations() const = 0;
  /// Everything a client may send, hostile included.
  [[nodiscard]] virtual std::variant<Asked, ApiError> parse(const Operation& operation,
                                                            std::string_view body) const = 0;
  [[nodiscard]] virtual std::unique_ptr<Answer> answer(const Operation& operation,
                                                       AnswerHead head) const = 0;
  [[nodiscard]] virtual http::Response error(const ApiError& error) const = 0;
  /// Whether errors about a path that is no operation have this dialect's shape.
  [[nodiscard]] virtual bool owns(std::string_view path) const = 0;
};

/// What the last object of a stream says of its seam; no dialect has words of its own for it.
base::json::object seam_object(const Seam& seam);
/// The same as a member to append (`,"nearside":{"resumed":...}`); "" without a seam.
std::string seam_member(const AnswerEnd& end);

/// All dialects. Errors outside any dialect's paths have the shape of the first.
std::span<const Dialect* const> dialects();

const Dialect& openai_dialect();
const Dialect& anthropic_dialect();
const Dialect& ollama_dialect();
const Dialect& responses_dialect();

}  // namespace nearside::gateway
