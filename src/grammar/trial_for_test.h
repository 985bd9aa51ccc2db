// A small vocabulary, and whether a constraint takes a text with it; for tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "grammar/constraint.h"

namespace nearside::grammar {

/// Every byte is a token, then some longer ones, then the end.
inline const std::shared_ptr<const Lexicon>& small_lexicon() {
  static const std::shared_ptr<const Lexicon> instance = [] {
    std::vector<std::string> bytes;
    for (int byte = 0; byte < 256; ++byte) bytes.emplace_back(1, static_cast<char>(byte));
    for (const char* more : {"\", \"", "\":", "{\"", "true", "abc", "\"}", "\":\"", "  ", "12", "é",
                             "a", "xyzzy\"", "]}", "\\u00", "\xe2\x82", "e-", ", "})
      bytes.emplace_back(more);
    bytes.emplace_back();
    return Lexicon::create(bytes, {static_cast<text::TokenId>(bytes.size() - 1)}).value();
  }();
  return instance;
}

inline base::Result<std::shared_ptr<Constraint>> compile(Spec::Kind kind, std::string text) {
  return Constraint::compile({kind, std::move(text)}, small_lexicon());
}

/// Whether the text is a whole answer, byte by byte. At every byte, the mask has to say of every
/// token what taking it says.
inline bool accepts(const std::shared_ptr<Constraint>& constraint, std::string_view text) {
  const Lexicon& lexicon = *small_lexicon();
  Matcher matcher(constraint);
  std::vector<std::uint32_t> mask(lexicon.mask_words());
  for (std::size_t at = 0;; ++at) {
    EXPECT_TRUE(matcher.fill_mask(mask));
    for (std::size_t token = 0; token < lexicon.token_count(); ++token) {
      const auto id = static_cast<text::TokenId>(token);
      const bool allowed = ((mask[token / 32] >> (token % 32)) & 1) != 0;
      const bool taken = matcher.accept(id);
      EXPECT_EQ(allowed, taken) << "token " << token << " after " << text.substr(0, at);
      if (taken) matcher.rollback(1);
    }
    if (at == text.size()) return matcher.may_end();
    if (!matcher.accept(static_cast<text::TokenId>(static_cast<unsigned char>(text[at]))))
      return false;
  }
}

inline bool accepts(Spec::Kind kind, std::string spec, std::string_view text) {
  const auto constraint = compile(kind, std::move(spec));
  EXPECT_TRUE(constraint) << constraint.error().message;
  return constraint && accepts(*constraint, text);
}

}  // namespace nearside::grammar
