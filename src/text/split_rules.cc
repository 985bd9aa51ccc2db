#include "text/split_rules.h"

#include <algorithm>
#include <string_view>

#include "text/split_scan.h"

namespace nearside::text {

namespace {

/// \p{N}{1,digits_max}
std::size_t match_digits(const PieceView& piece, std::size_t at, unsigned digits_max) {
  std::size_t end = at;
  while (end - at < digits_max && has(piece, end, kNumber)) ++end;
  return end - at;
}

/// What differs between the word rules of one line of descent.
struct WordRule {
  bool contractions = true;
  bool marks_are_letters = false;
  bool line_ends_after_symbols = true;
  unsigned digits_max = 1;
};

template <WordRule kRule>
std::size_t match_words(const PieceView& piece, std::size_t at) {
  constexpr unsigned kWord = kRule.marks_are_letters ? kLetter | kMark : +kLetter;
  if constexpr (kRule.contractions)
    if (const std::size_t length = match_contraction(piece, at, true)) return length;
  if (lacks(piece, at, kLetter | kNumber) && !is_line_end(piece, at) && has(piece, at + 1, kWord))
    return run_of(piece, at + 1, kWord) - at;
  if (has(piece, at, kWord)) return run_of(piece, at, kWord) - at;
  if (has(piece, at, kNumber)) return match_digits(piece, at, kRule.digits_max);
  const std::size_t symbols = is(piece, at, U' ') ? at + 1 : at;
  if (const std::size_t end = run_without(piece, symbols, kSpace | kNumber | kWord); end > symbols)
    return (kRule.line_ends_after_symbols ? run_of_line_ends(piece, end) : end) - at;
  if (const std::size_t length = match_lines(piece, at)) return length;
  return match_spaces(piece, at);
}

struct CaseRule {
  bool contractions = false;
  unsigned digits_max = 1;
};

/// Where U*L+ from `at` ends, or `at` for no match.
std::size_t end_of_lower_word(const PieceView& piece, std::size_t at) {
  const std::size_t upper_end = run_of(piece, at, kUpperLike);
  if (has(piece, upper_end, kLowerLike)) return run_of(piece, upper_end, kLowerLike);
  // U* has to give back until L+ finds a character: the last of the run that is in both classes.
  for (std::size_t i = upper_end; i > at; --i)
    if (has(piece, i - 1, kLowerLike)) return i;
  return at;
}

/// Where a word from `at` ends, or `at` for no match. The order of attempts is the expression's.
std::size_t end_of_cased_word(const PieceView& piece, std::size_t at) {
  const bool prefix = lacks(piece, at, kLetter | kNumber) && !is_line_end(piece, at);
  if (prefix)
    if (const std::size_t end = end_of_lower_word(piece, at + 1); end > at + 1) return end;
  if (const std::size_t end = end_of_lower_word(piece, at); end > at) return end;
  // Without a character of L in sight, U+L* is U+.
  if (prefix)
    if (const std::size_t end = run_of(piece, at + 1, kUpperLike); end > at + 1) return end;
  return run_of(piece, at, kUpperLike);
}

template <CaseRule kRule>
std::size_t match_cased_words(const PieceView& piece, std::size_t at) {
  std::size_t end = end_of_cased_word(piece, at);
  if (end > at) {
    if constexpr (kRule.contractions) end += match_contraction(piece, end, true);
    return end - at;
  }
  if (has(piece, at, kNumber)) return match_digits(piece, at, kRule.digits_max);
  const std::size_t symbols = is(piece, at, U' ') ? at + 1 : at;
  if (end = run_without(piece, symbols, kSpace | kLetter | kNumber); end > symbols) {
    while (is_line_end(piece, end) || is(piece, end, U'/')) ++end;
    return end - at;
  }
  if (const std::size_t length = match_lines(piece, at)) return length;
  return match_spaces(piece, at);
}

bool is_ascii_letter(const PieceView& piece, std::size_t at) {
  return at < piece.size() && ((piece.code[at] >= U'a' && piece.code[at] <= U'z') ||
                               (piece.code[at] >= U'A' && piece.code[at] <= U'Z'));
}

}  // namespace

std::size_t match_gpt2(const PieceView& piece, std::size_t at) {
  if (const std::size_t length = match_contraction(piece, at, false)) return length;
  const std::size_t word = is(piece, at, U' ') ? at + 1 : at;
  if (has(piece, word, kLetter)) return run_of(piece, word, kLetter) - at;
  if (has(piece, word, kNumber)) return run_of(piece, word, kNumber) - at;
  if (lacks(piece, word, kSpace)) return run_without(piece, word, kSpace | kLetter | kNumber) - at;
  return match_spaces(piece, at);
}

std::size_t match_llama3(const PieceView& piece, std::size_t at) {
  return match_words<WordRule{.digits_max = 3}>(piece, at);
}
std::size_t match_qwen2(const PieceView& piece, std::size_t at) {
  return match_words<WordRule{}>(piece, at);
}
std::size_t match_qwen35(const PieceView& piece, std::size_t at) {
  return match_words<WordRule{.marks_are_letters = true}>(piece, at);
}
std::size_t match_plain_words(const PieceView& piece, std::size_t at) {
  return match_words<WordRule{.contractions = false}>(piece, at);
}
std::size_t match_seed_coder(const PieceView& piece, std::size_t at) {
  return match_words<WordRule{.line_ends_after_symbols = false}>(piece, at);
}
std::size_t match_tekken(const PieceView& piece, std::size_t at) {
  return match_cased_words<CaseRule{}>(piece, at);
}
std::size_t match_gpt4o(const PieceView& piece, std::size_t at) {
  return match_cased_words<CaseRule{.contractions = true, .digits_max = 3}>(piece, at);
}

std::size_t match_deepseek3(const PieceView& piece, std::size_t at) {
  const bool ascii_mark = piece.code[at] < 0x80 && has(piece, at, kPunctuation | kSymbol);
  if (ascii_mark && is_ascii_letter(piece, at + 1)) {
    std::size_t end = at + 1;
    while (is_ascii_letter(piece, end)) ++end;
    return end - at;
  }
  constexpr unsigned kWord = kLetter | kMark;
  if (lacks(piece, at, kLetter | kPunctuation | kSymbol) && !is_line_end(piece, at) &&
      has(piece, at + 1, kWord))
    return run_of(piece, at + 1, kWord) - at;
  if (has(piece, at, kWord)) return run_of(piece, at, kWord) - at;
  const std::size_t symbols = is(piece, at, U' ') ? at + 1 : at;
  if (has(piece, symbols, kPunctuation | kSymbol))
    return run_of_line_ends(piece, run_of(piece, symbols, kPunctuation | kSymbol)) - at;
  if (const std::size_t length = match_lines(piece, at)) return length;
  return match_spaces(piece, at);
}

}  // namespace nearside::text
