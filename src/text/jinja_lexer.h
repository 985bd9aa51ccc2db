// A template's source cut into tokens: text outside of tags, and what stands inside of them.
//
// White space control is done here, as Jinja's lexer does it: `-` and `+` at tag ends, trim_blocks
// (a newline after a block tag goes), lstrip_blocks (white space before a block tag at the start of
// a line goes), comments and raw blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nearside::text::jinja {

enum class TokenType : std::uint8_t {
  kText,
  kVariableBegin,
  kVariableEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kOperator,
  kEnd,
};

struct Token {
  TokenType type = TokenType::kEnd;
  std::uint32_t line = 1;
  std::string text;  // of names, operators and text; of strings with escapes resolved
  std::int64_t integer = 0;
  double real = 0;

  [[nodiscard]] bool is_operator(std::string_view spelling) const {
    return type == TokenType::kOperator && text == spelling;
  }
  [[nodiscard]] bool is_name(std::string_view spelling) const {
    return type == TokenType::kName && text == spelling;
  }
};

/// Ends with a kEnd token. Errors: kInvalidArgument with line (unclosed comment, raw block, string
/// or bracket, a character that starts nothing, a number beyond 64 bits, not UTF-8).
base::Result<std::vector<Token>> tokenize(std::string_view source);

/// How error messages call a token.
std::string describe(const Token& token);

/// The error of a template whose syntax is wrong.
template <typename... Args>
base::Error syntax_error(std::uint32_t line, fmt::format_string<Args...> format, Args&&... args) {
  return base::fail(base::Code::kInvalidArgument, "the chat template is wrong at line {}: {}", line,
                    fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace nearside::text::jinja
