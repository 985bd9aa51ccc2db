// Splits text into normalized words as BERT's basic tokenizer does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nearside::text {

struct BertNormalization {
  bool lower_case = true;
  bool strip_accents = true;
};

/// A word longer than this is unknown as a whole. Source: BERT, max_input_chars_per_word.
inline constexpr std::size_t kBertWordCharactersMax = 100;

/// Words in order: parted at spaces; punctuation marks, ASCII symbols and Chinese characters are
/// words of their own; control characters are dropped. A word longer than
/// kBertWordCharactersMax comes back as "".
/// REQUIRES: `text` is valid UTF-8. Source: BERT, tokenization.py, BasicTokenizer.
std::vector<std::string> bert_words(std::string_view text, const BertNormalization& normalization);

}  // namespace nearside::text
