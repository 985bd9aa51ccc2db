// OpenAI's chat/completions, completions and embeddings as a client knows them.
#include <array>

#include <fmt/format.h>

#include "gateway/dialect.h"
#include "gateway/dialect_openai_answer.h"
#include "gateway/dialect_openai_parse.h"

namespace nearside::gateway {
namespace {

constexpr std::array<Operation, 3> kOperations = {{
    {"/v1/chat/completions", "chat.completions"},
    {"/v1/completions", "completions"},
    {"/v1/embeddings", "embeddings"},
}};

class OpenAiDialect final : public Dialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai"; }
  [[nodiscard]] std::span<const Operation> operations() const override { return kOperations; }

  [[nodiscard]] std::variant<Asked, ApiError> parse(const Operation& operation,
                                                    std::string_view body) const override {
    if (operation.path == kOperations[0].path) return parse_openai_chat(body);
    if (operation.path == kOperations[1].path) return parse_openai_completion(body);
    return parse_openai_embeddings(body);
  }

  [[nodiscard]] std::unique_ptr<Answer> answer(const Operation& operation,
                                               AnswerHead head) const override {
    if (operation.path == kOperations[0].path) return make_openai_chat_answer(head);
    if (operation.path == kOperations[1].path) return make_openai_completion_answer(head);
    return make_openai_embeddings_answer(head);
  }

  [[nodiscard]] http::Response error(const ApiError& error) const override {
    return {error.status, {{"content-type", "application/json"}}, openai_error_json(error)};
  }
  [[nodiscard]] bool owns(std::string_view) const override { return true; }
};

}  // namespace

const Dialect& openai_dialect() {
  static const OpenAiDialect dialect;
  return dialect;
}

}  // namespace nearside::gateway
