// A prompt template: a text with named holes, which callers fill without ever seeing the text.
//
// "{{name}}" is a hole. What fills it is put in as it is and never read again: a value that says
// "{{other}}" stays those letters. A template has no conditions and no loops; what a model family
// needs around messages is the chat template's business.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nearside::vault {

/// A template is instructions, not a book.
inline constexpr std::size_t kTemplateBytesMax = 256U << 10;
/// About 16,000 tokens in one hole.
inline constexpr std::size_t kVariableBytesMax = 64U << 10;
inline constexpr std::size_t kVariablesMax = 64;

/// Immutable; thread-safe.
class PromptTemplate {
 public:
  /// Errors: kInvalidArgument (a hole that is not closed or has no name of letters, digits and '_';
  /// more than kVariablesMax names; no UTF-8; nothing), kTooLarge (kTemplateBytesMax). Messages
  /// tell where and never quote the text.
  static base::Result<PromptTemplate> parse(std::string_view text);

  /// In the order in which they first stand in the text.
  [[nodiscard]] const std::vector<std::string>& variables() const { return variables_; }
  /// The text without its holes: what must not come out again.
  [[nodiscard]] std::string fixed_text() const;

  /// Errors: kInvalidArgument (a variable that is missing or unknown: which), kTooLarge
  /// (kVariableBytesMax).
  [[nodiscard]] base::Result<std::string> render(
      const std::map<std::string, std::string>& values) const;

 private:
  struct Piece {
    std::string text;  // before the hole
    std::string hole;  // "" after the last
  };
  std::vector<Piece> pieces_;
  std::vector<std::string> variables_;
};

}  // namespace nearside::vault
