#include "policy/tagger/words.h"

#include <algorithm>
#include <array>

#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

enum class Kind : std::uint8_t { kOther, kLower, kUpper, kDigit, kHigh };

constexpr std::array<Kind, 256> kinds() {
  std::array<Kind, 256> table{};
  for (unsigned c = 0; c < 256; ++c)
    table[c] = c >= 0x80              ? Kind::kHigh
               : c >= 'a' && c <= 'z' ? Kind::kLower
               : c >= 'A' && c <= 'Z' ? Kind::kUpper
               : c >= '0' && c <= '9' ? Kind::kDigit
                                      : Kind::kOther;
  return table;
}
constexpr std::array<Kind, 256> kKinds = kinds();

Kind kind_of(char c) { return kKinds[static_cast<unsigned char>(c)]; }

/// Bytes of a punctuation mark or space beyond ASCII (no-break space, guillemets, dashes, quotation
/// marks, ellipsis, ideographic comma and stop), 0 for anything else.
std::size_t high_mark_bytes(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (byte(i) == 0xC2 && i + 1 < text.size() && byte(i + 1) < 0xC0 && byte(i + 1) != 0xAA &&
      byte(i + 1) != 0xB5 && byte(i + 1) != 0xBA)
    return 2;
  if (byte(i) == 0xE2 && i + 2 < text.size() && (byte(i + 1) == 0x80 || byte(i + 1) == 0x81))
    return 3;
  if (byte(i) == 0xE3 && i + 2 < text.size() && byte(i + 1) == 0x80) return 3;
  return 0;
}

constexpr std::uint32_t kSeed = 2166136261U;  // FNV-1a, 32 bits
std::uint32_t step(std::uint32_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * 16777619U;
}

std::uint32_t hash_of(const char* begin, std::size_t size) {
  std::uint32_t hash = kSeed;
  for (std::size_t i = 0; i < size; ++i) hash = step(hash, begin[i]);
  return hash;
}

/// Is the letter that begins here a capital? Beyond ASCII: the Latin-1, Latin Extended-A, Greek and
/// Cyrillic capitals, by their bytes.
bool is_capital(std::string_view text, std::size_t i, std::size_t end) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  if (i + 1 >= end) return false;
  const auto next = static_cast<unsigned char>(text[i + 1]);
  switch (c) {
    case 0xC3:
      return next < 0x9F;
    case 0xC4:
    case 0xC5:
      return (next & 1U) == ((c == 0xC4 && next >= 0xB9) || (c == 0xC5 && next < 0x89) ? 1U : 0U) ||
             next == 0xB9 || next == 0xBB || next == 0xBD;
    case 0xCE:
      return next >= 0x86 && next <= 0xA9;
    case 0xD0:
      return next < 0xB0;
    default:
      return false;
  }
}

/// Classes: what the first letter is, what the rest is, how long.
std::uint8_t shape_of(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t size = end - begin;
  unsigned lower = 0, upper = 0, digits = 0, high = 0;
  for (std::size_t i = begin; i < end; ++i) switch (kind_of(text[i])) {
      case Kind::kLower:
        ++lower;
        break;
      case Kind::kUpper:
        ++upper;
        break;
      case Kind::kDigit:
        ++digits;
        break;
      case Kind::kHigh:
        ++high;
        break;
      case Kind::kOther:
        break;
    }
  const auto length_class = [size](std::size_t a, std::size_t b, std::size_t c) {
    return size <= a ? 0U : size <= b ? 1U : size <= c ? 2U : 3U;
  };
  const bool capital = is_capital(text, begin, end);
  unsigned shape = 0;
  if (digits == size)  // 0..7: a number by its digits
    shape = static_cast<unsigned>(std::min<std::size_t>(size, 8) - 1);
  else if (digits > 0)  // 8..15: digits and letters
    shape = 8 + (kind_of(text[begin]) == Kind::kDigit ? 0U : 4U) + length_class(2, 4, 8);
  else if (lower == 0 && high == 0)  // 16..23: capitals only
    shape = 16 + (size == 1 ? 0U : 1U + length_class(2, 3, 5));
  else if (capital && upper > 1 && lower > 0)  // 24..27: McDonald, OpenAI
    shape = 24 + length_class(4, 7, 10);
  else if (capital && lower == 0 && upper > 0)  // 28..31: capitals with letters beyond ASCII
    shape = 28 + length_class(4, 7, 10);
  else if (capital)  // 32..39: Name, Ünal
    shape = 32 + (high > 0 ? 4U : 0U) + length_class(3, 6, 9);
  else if (upper > 0)  // 40..43: iPhone
    shape = 40 + length_class(4, 7, 10);
  else if (text[begin] == '\'')
    shape = 44;
  else  // 48..55: lower case
    shape = 48 + (high > 0 ? 4U : 0U) + length_class(3, 6, 9);
  return static_cast<std::uint8_t>(shape);
}

Word make_word(std::string_view text, std::size_t begin, std::size_t end, Gap gap) {
  Word word;
  word.begin = static_cast<std::uint32_t>(begin);
  word.end = static_cast<std::uint32_t>(end);
  word.gap = gap;
  word.shape = shape_of(text, begin, end);
  char lower[kWordBytesCut];
  const std::size_t size = end - begin;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = text[begin + i];
    lower[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    // Capitals of Latin-1, Greek and Cyrillic would hash apart from their small letters; Latin-1's
    // are one bit away.
    if (i > 0 && lower[i - 1] == '\xC3' && static_cast<unsigned char>(c) < 0x9F)
      lower[i] = static_cast<char>(c + 32);
  }
  word.lower = hash_of(lower, size);
  word.prefix = hash_of(lower, std::min<std::size_t>(3, size));
  const auto suffix = [&](std::size_t wanted) {
    const std::size_t count = std::min(wanted, size);
    return hash_of(lower + size - count, count);
  };
  word.suffix2 = suffix(2);
  word.suffix3 = suffix(3);
  word.suffix4 = suffix(4);
  return word;
}

bool is_word_byte(std::string_view text, std::size_t i) {
  const Kind kind = kind_of(text[i]);
  return kind != Kind::kOther && (kind != Kind::kHigh || high_mark_bytes(text, i) == 0);
}

Gap weightier(Gap a, char c) {
  if (c == '\n') return a == Gap::kNewline ? Gap::kParagraph : Gap::kNewline;
  if (a == Gap::kNewline || a == Gap::kParagraph) return a;
  switch (c) {
    case ' ':
    case '\t':
      return a == Gap::kTight ? Gap::kSpace : a;
    case ',':
      return a == Gap::kOther ? a : Gap::kComma;
    case '.':
      return a == Gap::kOther ? a : Gap::kPeriod;
    case ':':
      return a == Gap::kOther ? a : Gap::kColon;
    case '-':
      return a == Gap::kTight ? Gap::kHyphen : Gap::kOther;
    default:
      return Gap::kOther;
  }
}

}  // namespace

void split_words(std::string_view text, std::vector<Word>& words) {
  Gap gap = Gap::kNothing;
  std::size_t i = 0;
  while (i < text.size()) {
    if (!is_word_byte(text, i)) {
      const std::size_t mark = kind_of(text[i]) == Kind::kHigh ? high_mark_bytes(text, i) : 1;
      if (gap != Gap::kNothing) gap = weightier(gap, mark == 1 ? text[i] : '"');
      i += mark;
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && i - begin < kWordBytesCut && is_word_byte(text, i)) ++i;
    // An apostrophe inside: part of the word (O'Brien), or the beginning of "'s".
    while (i - begin < kWordBytesCut && at(text, i) == '\'' && i + 1 < text.size() &&
           is_word_byte(text, i + 1)) {
      const char next = text[i + 1];
      const bool ends = i + 2 >= text.size() || !is_word_byte(text, i + 2);
      if (ends && (next == 's' || next == 'S')) break;
      ++i;
      while (i < text.size() && i - begin < kWordBytesCut && is_word_byte(text, i)) ++i;
    }
    // A cut never lands inside a character.
    while (i - begin >= kWordBytesCut && i > begin + 1 && i < text.size() &&
           (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80)
      --i;
    words.push_back(make_word(text, begin, i, gap));
    gap = Gap::kTight;
    if (at(text, i) == '\'' && (at(text, i + 1) == 's' || at(text, i + 1) == 'S') &&
        (i + 2 >= text.size() || !is_word_byte(text, i + 2))) {
      words.push_back(make_word(text, i, i + 2, gap));
      i += 2;
    }
  }
}

}  // namespace nearside::policy
