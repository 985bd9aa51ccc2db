#include "policy/words.h"

#include <set>
#include <vector>

#include <utf8proc.h>

#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

std::string encode(utf8proc_int32_t point) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(point, bytes);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 && !is_alnum(c)) out += '\\';
    out += c;
  }
  return out;
}

bool is_word_point(utf8proc_int32_t point) {
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ND:
      return true;
    default:
      return point == '_';
  }
}

/// Every way to write one letter: both cases, composed and decomposed, German transcription. The
/// automaton works on bytes, so this is what makes it blind to case beyond ASCII.
std::string letter_expression(utf8proc_int32_t point) {
  if (point < 0x80) return escaped(encode(point));  // the pattern is caseless for ASCII
  std::set<std::string> ways;
  const utf8proc_int32_t cases[] = {point, utf8proc_tolower(point), utf8proc_toupper(point)};
  for (const utf8proc_int32_t one : cases) {
    ways.insert(encode(one));
    utf8proc_int32_t parts[8];
    int boundary = 0;
    const auto count = utf8proc_decompose_char(one, parts, 8, UTF8PROC_DECOMPOSE, &boundary);
    if (count <= 1 || count > 8) continue;
    std::string decomposed;
    for (utf8proc_ssize_t i = 0; i < count; ++i) decomposed += encode(parts[i]);
    ways.insert(escaped(decomposed));
  }
  switch (utf8proc_tolower(point)) {
    case 0xE4:
      ways.insert("ae");
      break;
    case 0xF6:
      ways.insert("oe");
      break;
    case 0xFC:
      ways.insert("ue");
      break;
    case 0xDF:
      ways.insert("ss");
      ways.insert("\xe1\xba\x9e");
      break;
    default:
      break;
  }
  std::string out = "(?:";
  for (const std::string& way : ways) out += (out.size() > 3 ? "|" : "") + way;
  return out + ")";
}

bool word_point_before(std::string_view text, std::size_t index) {
  if (index == 0) return false;
  std::size_t start = index - 1;
  while (start > 0 && index - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
    --start;
  utf8proc_int32_t point = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + start),
                   static_cast<utf8proc_ssize_t>(index - start), &point);
  return point >= 0 && is_word_point(point);
}

bool word_point_at(std::string_view text, std::size_t index) {
  if (index >= text.size()) return false;
  utf8proc_int32_t point = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + index),
                   static_cast<utf8proc_ssize_t>(text.size() - index), &point);
  return point >= 0 && is_word_point(point);
}

struct Word {
  std::string expression;
  bool open_end = false;    // ended in *
  bool begins_word = true;  // its first and last characters are letters or digits, so that a
  bool ends_word = true;    // boundary there means something
};

base::Result<Word> compile(const std::string& text) {
  if (text.empty() || text.size() > kWordBytesMax)
    return base::fail(base::Code::kInvalidArgument, "'{}' is not a word or phrase of 1 to {} bytes",
                      text.substr(0, 32), kWordBytesMax);
  Word word;
  std::string_view rest = text;
  if (rest.size() > 1 && rest.back() == '*') {
    word.open_end = true;
    rest.remove_suffix(1);
  }
  bool any = false;
  bool last_space = false;
  bool first = true;
  while (!rest.empty()) {
    utf8proc_int32_t point = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                                       static_cast<utf8proc_ssize_t>(rest.size()), &point);
    if (size <= 0)
      return base::fail(base::Code::kInvalidArgument, "a word of the list is not valid UTF-8");
    rest.remove_prefix(static_cast<std::size_t>(size));
    const bool space = point == ' ' || point == '\t' || point == 0xA0;
    if (space && !last_space) word.expression += "(?:\\s|\\xc2\\xa0){1,4}";
    last_space = space;
    if (space) continue;
    word.expression += letter_expression(point);
    const bool letter = is_word_point(point);
    any |= letter;
    if (first) word.begins_word = letter;
    first = false;
    word.ends_word = letter;
  }
  if (!any || last_space || text.front() == ' ')
    return base::fail(base::Code::kInvalidArgument,
                      "'{}' has no letter or digit, or begins or ends with a space", text);
  return word;
}

}  // namespace

base::Result<Detector> words_detector(const WordList& list) {
  if (list.words.empty() || list.words.size() > kWordsMax)
    return base::fail(base::Code::kInvalidArgument,
                      "the word list '{}' needs 1 to {} words, it has {}", list.category, kWordsMax,
                      list.words.size());
  Detector detector;
  detector.name = "words:" + list.category;
  detector.category = list.category;
  detector.sensitivity = list.sensitivity;
  std::vector<Word> words;
  for (const std::string& text : list.words) {
    words.push_back(TRY(compile(text)));
    detector.patterns.push_back({words.back().expression, true, true});
    words.back().expression.clear();
  }
  detector.find = [words = std::move(words)](const Match& match) -> std::optional<Span> {
    const Word& word = words[match.pattern_index];
    if (word.begins_word && word_point_before(match.text, match.begin)) return std::nullopt;
    if (word.ends_word && !word.open_end && word_point_at(match.text, match.end))
      return std::nullopt;
    return Span{match.begin, match.end};
  };
  return detector;
}

}  // namespace nearside::policy
