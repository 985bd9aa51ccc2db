#include "vault/prompt_template.h"

#include <algorithm>

#include "base/utf8.h"

namespace nearside::vault {

using base::Code;
using base::fail;

namespace {

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

base::Result<PromptTemplate> PromptTemplate::parse(std::string_view text) {
  if (text.empty()) return fail(Code::kInvalidArgument, "the template is empty");
  if (text.size() > kTemplateBytesMax)
    return fail(Code::kTooLarge, "a template has at most {} bytes", kTemplateBytesMax);
  if (!base::is_valid_utf8(text)) return fail(Code::kInvalidArgument, "the template is not UTF-8");
  PromptTemplate made;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = text.find("{{", at);
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find("}}", open);
    const std::string_view name =
        close == std::string_view::npos ? "" : trimmed(text.substr(open + 2, close - open - 2));
    if (!is_variable_name(name))
      return fail(
          Code::kInvalidArgument,
          "the hole at byte {} is not of the form {{{{name}}}}, with letters, digits and '_'",
          open);
    made.pieces_.push_back({std::string(text.substr(at, open - at)), std::string(name)});
    if (std::find(made.variables_.begin(), made.variables_.end(), name) == made.variables_.end())
      made.variables_.emplace_back(name);
    if (made.variables_.size() > kVariablesMax)
      return fail(Code::kInvalidArgument, "a template has at most {} variables", kVariablesMax);
    at = close + 2;
  }
  made.pieces_.push_back({std::string(text.substr(at)), ""});
  return made;
}

std::string PromptTemplate::fixed_text() const {
  std::string text;
  for (const Piece& piece : pieces_) text += piece.text;
  return text;
}

base::Result<std::string> PromptTemplate::render(
    const std::map<std::string, std::string>& values) const {
  for (const auto& [name, value] : values) {
    if (std::find(variables_.begin(), variables_.end(), name) == variables_.end())
      return fail(Code::kInvalidArgument, "the template has no variable '{}'", name);
    if (value.size() > kVariableBytesMax)
      return fail(Code::kTooLarge, "the variable '{}' has more than {} bytes", name,
                  kVariableBytesMax);
  }
  for (const std::string& name : variables_)
    if (!values.contains(name))
      return fail(Code::kInvalidArgument, "the template wants the variable '{}'", name);
  std::string text;
  for (const Piece& piece : pieces_) {
    text += piece.text;
    if (!piece.hole.empty()) text += values.at(piece.hole);
  }
  return text;
}

}  // namespace nearside::vault
