// Rules that match one class of characters, for pre-tokenizers that cut in several passes.
#include <algorithm>
#include <array>
#include <string_view>

#include "text/split_scan.h"

namespace nearside::text {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Letters with case, as tokenizer.json of DeepSeek LLM lists them. Copies of the list that went
// through Unicode normalization have six entries wrong (U+1F7D, U+1FBE, U+1FD3, U+1FDB, U+2126 and
// U+212A became look-alikes); these are the originals.
constexpr std::array<Range, 87> kDeepseekLetters = {
    {{0x41, 0x5A},       {0x61, 0x7A},       {0xB5, 0xB5},       {0xC0, 0xD6},
     {0xD8, 0xF6},       {0xF8, 0x1BA},      {0x1BC, 0x1BF},     {0x1C4, 0x293},
     {0x295, 0x2AF},     {0x370, 0x373},     {0x376, 0x376},     {0x377, 0x377},
     {0x37B, 0x37D},     {0x37F, 0x37F},     {0x386, 0x386},     {0x388, 0x38A},
     {0x38C, 0x38C},     {0x38E, 0x3A1},     {0x3A3, 0x3F5},     {0x3F7, 0x481},
     {0x48A, 0x52F},     {0x531, 0x556},     {0x10A0, 0x10C5},   {0x13A0, 0x13F5},
     {0x13F8, 0x13FD},   {0x1C90, 0x1CBA},   {0x1CBD, 0x1CBF},   {0x1D00, 0x1D2B},
     {0x1D6B, 0x1D77},   {0x1D79, 0x1D9A},   {0x1E00, 0x1F15},   {0x1F18, 0x1F1D},
     {0x1F20, 0x1F45},   {0x1F48, 0x1F4D},   {0x1F50, 0x1F57},   {0x1F59, 0x1F59},
     {0x1F5B, 0x1F5B},   {0x1F5D, 0x1F5D},   {0x1F5F, 0x1F7D},   {0x1F80, 0x1FB4},
     {0x1FB6, 0x1FBC},   {0x1FBE, 0x1FBE},   {0x1FC2, 0x1FC4},   {0x1FC6, 0x1FCC},
     {0x1FD0, 0x1FD3},   {0x1FD6, 0x1FDB},   {0x1FE0, 0x1FEC},   {0x1FF2, 0x1FF4},
     {0x1FF6, 0x1FFC},   {0x2102, 0x2102},   {0x2107, 0x2107},   {0x210A, 0x2113},
     {0x2115, 0x2115},   {0x2119, 0x211D},   {0x2124, 0x2124},   {0x2126, 0x2126},
     {0x2128, 0x2128},   {0x212A, 0x212D},   {0x212F, 0x2134},   {0x2139, 0x2139},
     {0x213C, 0x213F},   {0x2145, 0x2149},   {0x214E, 0x214E},   {0x2183, 0x2183},
     {0x2184, 0x2184},   {0x2C00, 0x2C7B},   {0x2C7E, 0x2CE4},   {0x2CEB, 0x2CEE},
     {0x2CF2, 0x2CF2},   {0x2CF3, 0x2CF3},   {0xA640, 0xA66D},   {0xA680, 0xA69B},
     {0xA722, 0xA76F},   {0xA771, 0xA787},   {0xA78B, 0xA78E},   {0xAB70, 0xABBF},
     {0xFB00, 0xFB06},   {0xFB13, 0xFB17},   {0xFF21, 0xFF3A},   {0xFF41, 0xFF5A},
     {0x10400, 0x1044F}, {0x104B0, 0x104D3}, {0x104D8, 0x104FB}, {0x10C80, 0x10CB2},
     {0x10CC0, 0x10CF2}, {0x118A0, 0x118DF}, {0x1E900, 0x1E943}}};

bool in_deepseek_letters(char32_t code) {
  const auto* range =
      std::partition_point(kDeepseekLetters.begin(), kDeepseekLetters.end(),
                           [&](const Range& candidate) { return candidate.last < code; });
  return range != kDeepseekLetters.end() && range->first <= code;
}

// [!-/:-~！-／：-～‘-‟　-。] ; the second range takes in the ASCII letters.
bool in_deepseek_punctuation(char32_t code) {
  return (code >= 0x21 && code <= 0x2F) || (code >= 0x3A && code <= 0x7E) ||
         (code >= 0xFF01 && code <= 0xFF0F) || (code >= 0xFF1A && code <= 0xFF5E) ||
         (code >= 0x2018 && code <= 0x201F) || (code >= 0x3000 && code <= 0x3002);
}

bool in_cjk(char32_t code) {
  return (code >= 0x800 && code <= 0x9FA5) || (code >= 0xAC00 && code <= 0xD7FF);
}

bool in_han_kana(char32_t code) {
  return (code >= 0x4E00 && code <= 0x9FA5) || (code >= 0x3040 && code <= 0x30FF);
}

bool in_ascii(char32_t code, std::string_view set) {
  return code < 0x80 && set.find(static_cast<char>(code)) != std::string_view::npos;
}

/// One past the run from `at` whose code points are in the class.
template <typename InClass>
std::size_t run_in(const PieceView& piece, std::size_t at, InClass in_class) {
  while (at < piece.size() && in_class(piece.code[at])) ++at;
  return at;
}

/// \s?[class]+ . The space is tried first and given back where the class holds it too.
template <typename InClass>
std::size_t match_after_space(const PieceView& piece, std::size_t at, InClass in_class) {
  if (has(piece, at, kSpace))
    if (const std::size_t end = run_in(piece, at + 1, in_class); end > at + 1) return end - at;
  return run_in(piece, at, in_class) - at;
}

}  // namespace

std::size_t match_number(const PieceView& piece, std::size_t at) {
  return has(piece, at, kNumber) ? 1 : 0;
}

std::size_t match_numbers(const PieceView& piece, std::size_t at) {
  return run_of(piece, at, kNumber) - at;
}

std::size_t match_numbers_to_three(const PieceView& piece, std::size_t at) {
  std::size_t length = 0;
  while (length < 3 && has(piece, at + length, kNumber)) ++length;
  return length;
}

std::size_t match_three_digits(const PieceView& piece, std::size_t at) {
  for (std::size_t i = at; i < at + 3; ++i)
    if (i >= piece.size() || piece.code[i] < U'0' || piece.code[i] > U'9') return 0;
  return 3;
}

std::size_t match_line_end(const PieceView& piece, std::size_t at) {
  return is_line_end(piece, at) ? 1 : 0;
}

std::size_t match_space_letters(const PieceView& piece, std::size_t at) {
  const std::size_t start = has(piece, at, kSpace) ? at + 1 : at;
  return has(piece, start, kLetter) ? run_of(piece, start, kLetter) - at : 0;
}

std::size_t match_space_punctuation(const PieceView& piece, std::size_t at) {
  const std::size_t start = has(piece, at, kSpace) ? at + 1 : at;
  return has(piece, start, kPunctuation) ? run_of(piece, start, kPunctuation) - at : 0;
}

std::size_t match_space_at_end(const PieceView& piece, std::size_t at) {
  // Inside a run of spaces the answer is the one at its start, where it was already no: without
  // this look back a long run would be walked once for each of its characters.
  if (!has(piece, at, kSpace) || (at > 0 && has(piece, at - 1, kSpace))) return 0;
  const std::size_t end = run_of(piece, at, kSpace);
  return end == piece.size() ? end - at : 0;
}

std::size_t match_punctuation(const PieceView& piece, std::size_t at) {
  std::size_t end = at;
  while (has(piece, end, kPunctuation) ||
         (end < piece.size() && in_ascii(piece.code[end], "$+<=>^~|")))
    ++end;
  return end - at;
}

std::size_t match_falcon_punctuation(const PieceView& piece, std::size_t at) {
  std::size_t end = at;
  while (has(piece, end, kPunctuation) ||
         (end < piece.size() && in_ascii(piece.code[end], "$+<=>^~|`")))
    ++end;
  return end - at;
}

std::size_t match_bloom_words(const PieceView& piece, std::size_t at) {
  constexpr std::u32string_view kBreaks = U"(|.,!?)\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C";
  std::size_t start = is(piece, at, U' ') ? at + 1 : at;
  std::size_t end = start;
  while (lacks(piece, end, kSpace) && kBreaks.find(piece.code[end]) == std::u32string_view::npos)
    ++end;
  return end > start ? end - at : 0;
}

std::size_t match_cjk(const PieceView& piece, std::size_t at) {
  return run_in(piece, at, in_cjk) - at;
}

std::size_t match_han_kana(const PieceView& piece, std::size_t at) {
  return run_in(piece, at, in_han_kana) - at;
}

std::size_t match_deepseek_letters(const PieceView& piece, std::size_t at) {
  return match_after_space(piece, at, in_deepseek_letters);
}

std::size_t match_deepseek_punctuation(const PieceView& piece, std::size_t at) {
  return match_after_space(piece, at, in_deepseek_punctuation);
}

}  // namespace nearside::text
