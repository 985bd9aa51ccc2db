#include "policy/language.h"

#include <algorithm>
#include <array>

namespace nearside::policy {

namespace {

// The most frequent function words that the other language does not have ("in", "war", "die" and
// "was" are words of both and say nothing). Sorted, for binary search.
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

template <std::size_t N>
bool has(const std::array<std::string_view, N>& sorted, std::string_view word) {
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

template <std::size_t N>
constexpr std::array<std::string_view, N> sorted(const std::string_view (&words)[N]) {
  std::array<std::string_view, N> copy{};
  std::copy(std::begin(words), std::end(words), copy.begin());
  std::sort(copy.begin(), copy.end());
  return copy;
}
constexpr auto kEnglishSorted = sorted(kEnglish);
constexpr auto kGermanSorted = sorted(kGerman);

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
    const std::string_view lower(word.data(), size);
    if (has(kEnglishSorted, lower)) ++score.english;
    if (has(kGermanSorted, lower)) ++score.german;
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
