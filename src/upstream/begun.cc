#include "upstream/begun.h"

#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;
using base::Code;
using base::fail;

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

/// A raw completion is its own continuation, wherever prompts are sent as they are.
bool completes_raw(const Endpoint& endpoint) {
  return endpoint.provider == "openai" || endpoint.provider == "ollama";
}

class WithoutSaidSpace final : public ReplyReader {
 public:
  WithoutSaidSpace(std::string said, std::unique_ptr<ReplyReader> reader)
      : said_(std::move(said)), reader_(std::move(reader)) {}

  base::Status feed(std::string_view bytes, const Emit& emit) override {
    return reader_->feed(bytes, passing(emit));
  }
  chat::Event end(const base::Status& transport, const Emit& emit) override {
    return reader_->end(transport, passing(emit));
  }
  [[nodiscard]] chat::Usage usage() const override { return reader_->usage(); }

 private:
  Emit passing(const Emit& emit) {
    return [this, &emit](chat::Event event) {
      auto* text = std::get_if<chat::TextDelta>(&event);
      while (text != nullptr && !said_.empty() && !text->text.empty()) {
        if (text->text.front() != said_.front()) {
          said_.clear();
          break;
        }
        text->text.erase(0, 1);
        said_.erase(0, 1);
      }
      if (text == nullptr || !text->text.empty()) emit(std::move(event));
    };
  }

  std::string said_;  // what is left of it
  std::unique_ptr<ReplyReader> reader_;
};

}  // namespace

Continues parse_continues(std::string_view name) {
  if (name == "last_message") return Continues::kLastMessage;
  if (name == "prefix") return Continues::kPrefix;
  if (name == "continue_final_message") return Continues::kContinueFinalMessage;
  CHECK(name == "off");
  return Continues::kNot;
}

base::Status write_begun(const Endpoint& endpoint, chat::Request& request) {
  CHECK(!request.begun.empty());
  request.original.clear();
  request.original_text.clear();
  request.original_dialect.clear();
  if (request.kind == chat::Request::Kind::kCompletion) {
    if (!completes_raw(endpoint))
      return fail(Code::kUnsupported, "the provider {} has no raw completions to write on",
                  endpoint.provider);
    request.prompt += request.begun;
    return {};
  }
  if (endpoint.continues == Continues::kNot)
    return fail(Code::kUnsupported, "it does not write on where another answer broke off");
  std::string_view said = request.begun;
  if (endpoint.provider == "anthropic") {
    if (!request.reasoning_effort.empty() && request.reasoning_effort != "none")
      return fail(Code::kUnsupported, "the provider anthropic does not write on while thinking");
    said = trimmed(said);
    if (said.empty()) return fail(Code::kUnsupported, "nothing but white space was said yet");
  }
  json::object message{{"role", "assistant"}, {"content", said}};
  if (endpoint.continues == Continues::kPrefix) message["prefix"] = true;
  request.messages.emplace_back(std::move(message));
  return {};
}

std::unique_ptr<ReplyReader> without_said_space(const chat::Request& request,
                                                std::unique_ptr<ReplyReader> reader) {
  std::string space = request.begun.substr(trimmed(request.begun).size());
  if (space.empty()) return reader;
  return std::make_unique<WithoutSaidSpace>(std::move(space), std::move(reader));
}

}  // namespace nearside::upstream
