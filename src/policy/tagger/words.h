// A text as words with what the tagger wants to know of each: hashes of its letters, its shape,
// what stands before it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace nearside::policy {

/// What lies between a word and the one before.
enum class Gap : std::uint8_t {
  kNothing,  // beginning of the text
  kSpace,
  kTight,  // no byte between: "Judy" and "'s"
  kComma,
  kPeriod,
  kColon,
  kHyphen,
  kNewline,
  kParagraph,  // an empty line
  kOther
};

/// One word: letters, digits and bytes above ASCII; "O'Brien" is one, "Judy's" is "Judy" and "'s".
struct Word {
  std::uint32_t begin = 0;  // byte offsets
  std::uint32_t end = 0;
  std::uint32_t lower = 0;    // hash of the word in ASCII lower case
  std::uint32_t prefix = 0;   // of its first three bytes
  std::uint32_t suffix2 = 0;  // of its last two
  std::uint32_t suffix3 = 0;
  std::uint32_t suffix4 = 0;
  std::uint8_t shape = 0;  // case, digits and length in classes: below kShapes
  Gap gap = Gap::kNothing;
};

inline constexpr unsigned kShapes = 64;

/// Words longer than this are cut: scripts without spaces would make one word of a page.
inline constexpr std::size_t kWordBytesCut = 40;

/// Appends the words of a text. Linear. REQUIRES: text.size() < 2^32.
void split_words(std::string_view text, std::vector<Word>& words);

}  // namespace nearside::policy
