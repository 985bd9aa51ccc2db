#include "policy/language.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace nearside::policy {

namespace {

// The most frequent function words that the other language does not have ("in", "war", "die" and
// "was" are words of both and say nothing).
constexpr std::string_view kEnglish[] = {
    "about", "after", "and",  "are",  "at",     "because", "been", "but",  "by",    "can",
    "does",  "for",   "from", "had",  "has",    "have",    "he",   "how",  "i",     "if",
    "is",    "it",    "its",  "my",   "near",   "no",      "not",  "now",  "of",    "off",
    "on",    "or",    "our",  "out",  "please", "she",     "some", "than", "that",  "the",
    "their", "there", "they", "this", "to",     "we",      "what", "when", "where", "which",
    "who",   "why",   "will", "with", "would",  "you",     "your"};
constexpr std::string_view kGerman[] = {
    "aber",   "als",   "am",     "auf",   "aus",  "bei",        "beim",  "bin",   "bis",   "bitte",
    "da",     "das",   "dass",   "dem",   "den",  "der",        "des",   "durch", "ein",   "eine",
    "einem",  "einen", "einer",  "es",    "ist",  "f\xc3\xbcr", "gibt",  "habe",  "haben", "hat",
    "ich",    "ihr",   "im",     "ist",   "kann", "kein",       "keine", "mehr",  "mein",  "mir",
    "mit",    "nach",  "nicht",  "noch",  "nur",  "oder",       "schon", "sehr",  "sich",  "sie",
    "sind",   "und",   "uns",    "unter", "vom",  "von",        "vor",   "warum", "was",   "wenn",
    "werden", "wie",   "wieder", "wir",   "wird", "wo",         "wurde", "zu",    "zum",   "zur"};

constexpr std::size_t kWordBytesMax = 8;

bool is_word_byte(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

struct Score {
  int english = 0;
  int german = 0;
};

/// The words of both lists by the eight bytes they have at most, in a table that is four fifths
/// empty: a text's words are looked up by the thousand.
class WordTable {
 public:
  struct Of {
    bool english = false, german = false;
  };

  constexpr WordTable() {
    for (const std::string_view word : kEnglish) slot(key_of(word)).of.english = true;
    for (const std::string_view word : kGerman) slot(key_of(word)).of.german = true;
  }

  [[nodiscard]] Of find(std::string_view word) const {
    const std::uint64_t key = key_of(word);
    std::size_t at = first(key);
    while (slots_[at].key != 0 && slots_[at].key != key) at = (at + 1) % kSlots;
    return slots_[at].of;
  }

 private:
  static constexpr std::size_t kSlots = 1024;
  struct Slot {
    std::uint64_t key = 0;  // 0: empty
    Of of;
  };

  /// REQUIRES: 1 to kWordBytesMax bytes, none of them zero.
  static constexpr std::uint64_t key_of(std::string_view word) {
    std::uint64_t key = 0;
    for (const char c : word) key = key << 8U | static_cast<unsigned char>(c);
    return key;
  }
  static constexpr std::size_t first(std::uint64_t key) {
    return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15U) >> 54U);
  }
  constexpr Slot& slot(std::uint64_t key) {
    std::size_t at = first(key);
    while (slots_[at].key != 0 && slots_[at].key != key) at = (at + 1) % kSlots;
    slots_[at].key = key;
    return slots_[at];
  }

  std::array<Slot, kSlots> slots_{};
};
static_assert(kWordBytesMax == sizeof(std::uint64_t));
constexpr WordTable kWordTable;

void count(std::string_view text, Score& score) {
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && !is_word_byte(static_cast<unsigned char>(text[at]))) ++at;
    std::array<char, kWordBytesMax> word{};
    std::size_t size = 0;
    bool german_letter = false;
    for (; at < text.size() && is_word_byte(static_cast<unsigned char>(text[at])); ++at) {
      const char c = text[at];
      const char next = at + 1 < text.size() ? text[at + 1] : '\0';
      // ä ö ü Ä Ö Ü ß in UTF-8: 0xC3 and one of these.
      if (c == '\xc3' &&
          std::string_view("\xa4\xb6\xbc\x84\x96\x9c\x9f").find(next) != std::string_view::npos)
        german_letter = true;
      if (size < kWordBytesMax) word[size] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      ++size;
    }
    if (german_letter) ++score.german;
    if (size == 0 || size > kWordBytesMax) continue;
    const WordTable::Of of = kWordTable.find({word.data(), size});
    if (of.english) ++score.english;
    if (of.german) ++score.german;
  }
}

std::string_view verdict(const Score& score) {
  // Twice as many as the other, and at least one: a German sentence that quotes an English alarm
  // text stays German, a one-word message stays unknown.
  if (score.german > 0 && score.german >= 2 * score.english) return "de";
  if (score.english > 0 && score.english >= 2 * score.german) return "en";
  return "";
}

}  // namespace

std::string_view guess_language(std::string_view text) {
  Score score;
  count(text.substr(text.size() - std::min(text.size(), kLanguageBytesMax)), score);
  return verdict(score);
}

std::string_view guess_language(const Conversation& conversation) {
  const auto& documents = conversation.documents();
  const bool any_user =
      std::any_of(documents.begin(), documents.end(), [](const auto& d) { return d.from_user; });
  Score score;
  std::size_t left = kLanguageBytesMax;
  for (auto it = documents.rbegin(); it != documents.rend() && left > 0; ++it) {
    if (any_user && !it->from_user) continue;
    const std::size_t take = std::min(left, it->text.size());
    count(it->text.substr(it->text.size() - take), score);
    left -= take;
  }
  return verdict(score);
}

}  // namespace nearside::policy
