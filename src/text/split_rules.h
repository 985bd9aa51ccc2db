// The rules by which pre-tokenizers cut text into words before BPE merges work inside each word.
//
// The models' authors wrote them as regular expressions, quoted at each rule here. They are matched
// by hand: one pass, no backtracking that a hostile text could make quadratic, no code generated at
// run time. Where llama.cpp approximates an expression (tekken, gpt-4o: it knows only ASCII case),
// we follow the model's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace nearside::text {

/// The piece that a rule looks at: parallel views; matches see nothing outside.
struct PieceView {
  std::span<const char32_t> code;
  std::span<const std::uint8_t> bits;  // CharacterBits
  [[nodiscard]] std::size_t size() const { return code.size(); }
};

/// How many characters match at `at`; 0: no match starts there. REQUIRES: at < piece.size().
using SplitRule = std::size_t (*)(const PieceView& piece, std::size_t at);

/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t match_gpt2(const PieceView& piece, std::size_t at);

/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
/// |\s*[\r\n]+|\s+(?!\S)|\s+
std::size_t match_llama3(const PieceView& piece, std::size_t at);

/// As llama3, but \p{N} alone.
std::size_t match_qwen2(const PieceView& piece, std::size_t at);

/// As qwen2, but marks count as letters: [^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+ and [^\s\p{L}\p{M}\p{N}]+
std::size_t match_qwen35(const PieceView& piece, std::size_t at);

/// As qwen2, but without the contractions at the front.
std::size_t match_plain_words(const PieceView& piece, std::size_t at);

/// As qwen2, but ` ?[^\s\p{L}\p{N}\r\n]+` takes no line ends along.
std::size_t match_seed_coder(const PieceView& piece, std::size_t at);

/// Words with their case: [^\r\n\p{L}\p{N}]?U*L+|[^\r\n\p{L}\p{N}]?U+L*|\p{N}
/// | ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
/// with U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and L = [\p{Ll}\p{Lm}\p{Lo}\p{M}]
std::size_t match_tekken(const PieceView& piece, std::size_t at);

/// As tekken, but (?i:'s|'t|'re|'ve|'m|'ll|'d)? after a word, and \p{N}{1,3}.
std::size_t match_gpt4o(const PieceView& piece, std::size_t at);

/// [ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*
/// |\s*[\r\n]+|\s+(?!\S)|\s+
std::size_t match_deepseek3(const PieceView& piece, std::size_t at);

/// Single character classes, for pre-tokenizers that cut in several passes.
std::size_t match_number(const PieceView& piece, std::size_t at);              // \p{N}
std::size_t match_numbers(const PieceView& piece, std::size_t at);             // \p{N}+
std::size_t match_numbers_to_three(const PieceView& piece, std::size_t at);    // \p{N}{1,3}
std::size_t match_three_digits(const PieceView& piece, std::size_t at);        // [0-9][0-9][0-9]
std::size_t match_line_end(const PieceView& piece, std::size_t at);            // [\r\n]
std::size_t match_space_letters(const PieceView& piece, std::size_t at);       // \s?\p{L}+
std::size_t match_space_punctuation(const PieceView& piece, std::size_t at);   // \s?\p{P}+
std::size_t match_space_at_end(const PieceView& piece, std::size_t at);        // \s+$
std::size_t match_punctuation(const PieceView& piece, std::size_t at);         // [\p{P}$+<=>^~|]+
std::size_t match_falcon_punctuation(const PieceView& piece, std::size_t at);  // and `
std::size_t match_bloom_words(const PieceView& piece,
                              std::size_t at);  // ` ?[^(\s|.,!?…。，、।۔،)]+`
/// Chinese, Japanese and Korean runs as DeepSeek's expressions list them.
std::size_t match_cjk(const PieceView& piece, std::size_t at);       // [一-龥ࠀ-一가-퟿]+
std::size_t match_han_kana(const PieceView& piece, std::size_t at);  // [一-龥぀-ゟ゠-ヿ]+
/// \s?[letters with case]+ and \s?[punctuation]+ as DeepSeek LLM's expressions list them.
std::size_t match_deepseek_letters(const PieceView& piece, std::size_t at);
std::size_t match_deepseek_punctuation(const PieceView& piece, std::size_t at);

}  // namespace nearside::text
