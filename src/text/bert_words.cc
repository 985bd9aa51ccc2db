#include "text/bert_words.h"

#include <array>
#include <span>

#include <utf8proc.h>

#include "text/characters.h"

namespace nearside::text {

namespace {

// Source: tokenization.py, _is_chinese_char, with the start of the fifth block as the published
// vocabularies' fast tokenizers have it (U+2B920 for U+2B820).
bool is_chinese(char32_t code) {
  return (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3400 && code <= 0x4DBF) ||
         (code >= 0x20000 && code <= 0x2A6DF) || (code >= 0x2A700 && code <= 0x2B73F) ||
         (code >= 0x2B740 && code <= 0x2B81F) || (code >= 0x2B920 && code <= 0x2CEAF) ||
         (code >= 0xF900 && code <= 0xFAFF) || (code >= 0x2F800 && code <= 0x2FA1F);
}

bool is_dropped(char32_t code) {
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  return code == 0 || code == 0xFFFD || category == UTF8PROC_CATEGORY_CC ||
         category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CO;
}

bool stands_alone(char32_t code, std::uint8_t bits) {
  return (bits & kPunctuation) != 0 || (code < 0x80 && (bits & kSymbol) != 0) || is_chinese(code);
}

/// Collects characters into words.
class WordBuilder {
 public:
  void add(char32_t code) {
    const std::uint8_t bits = character_bits(code);
    if ((bits & kSpace) != 0) return finish();
    if (is_dropped(code)) return;
    const bool alone = stands_alone(code, bits);
    if (alone) finish();
    append_utf8(code, word_);
    ++characters_;
    if (alone) finish();
  }
  std::vector<std::string> take() {
    finish();
    return std::move(words_);
  }

 private:
  void finish() {
    if (characters_ == 0) return;
    words_.push_back(characters_ > kBertWordCharactersMax ? std::string() : std::move(word_));
    word_.clear();
    characters_ = 0;
  }
  std::vector<std::string> words_;
  std::string word_;
  std::size_t characters_ = 0;
};

/// The canonical decomposition of one character, without its accents.
std::span<const utf8proc_int32_t> decompose(char32_t code, std::array<utf8proc_int32_t, 32>& room) {
  int boundary = 0;
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(code), room.data(), static_cast<utf8proc_ssize_t>(room.size()),
      UTF8PROC_DECOMPOSE, &boundary);
  // No canonical decomposition is longer than four; an error leaves the character as it is.
  if (count < 1 || static_cast<std::size_t>(count) > room.size()) {
    room[0] = static_cast<utf8proc_int32_t>(code);
    return std::span(room).first(1);
  }
  return std::span(room).first(static_cast<std::size_t>(count));
}

}  // namespace

std::vector<std::string> bert_words(std::string_view text, const BertNormalization& normalization) {
  WordBuilder words;
  std::array<utf8proc_int32_t, 32> room{};
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCharacter character = decode_character(text, at);
    at += character.bytes == 0 ? 1 : character.bytes;
    room[0] = static_cast<utf8proc_int32_t>(character.code);
    std::span<const utf8proc_int32_t> codes = std::span(room).first(1);
    if (normalization.strip_accents && character.code >= 0x80)
      codes = decompose(character.code, room);
    for (const utf8proc_int32_t code : codes) {
      if (normalization.strip_accents && utf8proc_category(code) == UTF8PROC_CATEGORY_MN) continue;
      words.add(static_cast<char32_t>(normalization.lower_case ? utf8proc_tolower(code) : code));
    }
  }
  return words.take();
}

}  // namespace nearside::text
