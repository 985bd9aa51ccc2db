// What the fuzz targets of the three kinds of constraint share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "grammar/constraint.h"

namespace nearside::grammar {

/// The first half of the input is the constraint, the second one chooses tokens. Up to a NUL byte
/// if there is one, else all of it.
inline int fuzz_constraint(Spec::Kind kind, const unsigned char* data, std::size_t size) {
  static const std::shared_ptr<const Lexicon> lexicon = [] {
    std::vector<std::string> bytes;
    for (int byte = 0; byte < 256; ++byte) bytes.emplace_back(1, static_cast<char>(byte));
    for (const char* more : {"\", \"", "\":", "{\"", "true", "abc", "\"}", "\":\"", "12", "\\u00"})
      bytes.emplace_back(more);
    bytes.emplace_back();
    return Lexicon::create(bytes, {static_cast<text::TokenId>(bytes.size() - 1)}).value();
  }();
  const std::string all(reinterpret_cast<const char*>(data), size);
  const std::size_t split = all.find('\0');
  const auto constraint = Constraint::compile({kind, all.substr(0, split)}, lexicon);
  if (!constraint) return 0;
  const std::string choices = split == std::string::npos ? "abcdefgh" : all.substr(split + 1, 64);
  Matcher matcher(*constraint);
  std::vector<std::uint32_t> mask(lexicon->mask_words());
  for (const char choice : choices) {
    if (!matcher.fill_mask(mask)) return 0;
    std::vector<text::TokenId> allowed;
    for (std::size_t token = 0; token < lexicon->token_count(); ++token)
      if ((mask[token / 32] >> (token % 32) & 1) != 0)
        allowed.push_back(static_cast<text::TokenId>(token));
    if (allowed.empty()) return 0;
    const text::TokenId token = allowed[static_cast<unsigned char>(choice) % allowed.size()];
    if (!matcher.accept(token)) __builtin_trap();
    if (lexicon->ends_answer(token)) return 0;
  }
  return 0;
}

}  // namespace nearside::grammar
