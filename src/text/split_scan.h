// Small scanners that the split rules are made of.
#pragma once

#include "text/characters.h"
#include "text/split_rules.h"

namespace nearside::text {

inline bool has(const PieceView& piece, std::size_t at, unsigned bits) {
  return at < piece.size() && (piece.bits[at] & bits) != 0;
}
inline bool lacks(const PieceView& piece, std::size_t at, unsigned bits) {
  return at < piece.size() && (piece.bits[at] & bits) == 0;
}
inline bool is(const PieceView& piece, std::size_t at, char32_t code) {
  return at < piece.size() && piece.code[at] == code;
}
inline bool is_line_end(const PieceView& piece, std::size_t at) {
  return is(piece, at, U'\r') || is(piece, at, U'\n');
}

/// One past the run from `at` whose characters have any of `bits`.
inline std::size_t run_of(const PieceView& piece, std::size_t at, unsigned bits) {
  while (has(piece, at, bits)) ++at;
  return at;
}
/// One past the run from `at` whose characters have none of `bits`.
inline std::size_t run_without(const PieceView& piece, std::size_t at, unsigned bits) {
  while (lacks(piece, at, bits)) ++at;
  return at;
}
inline std::size_t run_of_line_ends(const PieceView& piece, std::size_t at) {
  while (is_line_end(piece, at)) ++at;
  return at;
}

/// \s+(?!\S)|\s+ : all of a run of spaces, but one less where a word follows (so that the word
/// keeps its space), unless that one is all there is.
inline std::size_t match_spaces(const PieceView& piece, std::size_t at) {
  const std::size_t end = run_of(piece, at, kSpace);
  return end < piece.size() && end - at > 1 ? end - at - 1 : end - at;
}

/// \s*[\r\n]+ : through the last line end of a run of spaces; 0 where it has none.
inline std::size_t match_lines(const PieceView& piece, std::size_t at) {
  std::size_t last = at;
  for (std::size_t i = at; has(piece, i, kSpace); ++i)
    if (is_line_end(piece, i)) last = i + 1;
  return last - at;
}

/// 's|'t|'re|'ve|'m|'ll|'d ; `any_case` also 'S, 'Re, ...
inline std::size_t match_contraction(const PieceView& piece, std::size_t at, bool any_case) {
  if (!is(piece, at, U'\'')) return 0;
  const auto letter = [&](std::size_t i) {
    const char32_t code = i < piece.size() ? piece.code[i] : 0;
    return any_case && code >= U'A' && code <= U'Z' ? code + 32 : code;
  };
  const char32_t first = letter(at + 1);
  const char32_t second = letter(at + 2);
  if (first == U's' || first == U't' || first == U'm' || first == U'd') return 2;
  if ((first == U'r' || first == U'v') && second == U'e') return 3;
  return first == U'l' && second == U'l' ? 3 : 0;
}

}  // namespace nearside::text
