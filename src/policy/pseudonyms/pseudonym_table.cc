#include "policy/pseudonyms/pseudonym_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kPlaceholderBytesMax = 96;  // a word list's category may be long

constexpr bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
constexpr bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

/// "us_ssn" -> "US_SSN", "words:project" -> "WORDS_PROJECT": capitals, digits and underscores.
std::string kind_of(std::string_view detector) {
  std::string kind;
  for (const char c : detector) kind += is_alnum(c) ? to_upper(c) : '_';
  return kind;
}

/// Spellings of one value: no case beyond ASCII is folded, white space counts once.
std::string folded(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (is_space(c) && (out.empty() || out.back() == ' ')) continue;
    out += is_space(c) ? ' ' : to_upper(c);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// What makes two numbers the same: not how their digits are grouped. Other values stay.
std::string bare(const std::string& folded_value) {
  const auto digits = std::count_if(folded_value.begin(), folded_value.end(), is_digit);
  if (digits < 6 || folded_value.find('@') != std::string::npos) return folded_value;
  std::string out;
  for (const char c : folded_value)
    if (c != ' ' && c != '-' && c != '/' && c != '(' && c != ')') out += c;
  return out;
}

/// The placeholder-shaped text that begins at `begin`, brackets included; empty if there is none.
std::string_view shaped(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && end - begin < kPlaceholderBytesMax &&
         (is_digit(text[end]) || text[end] == '_' || (text[end] >= 'A' && text[end] <= 'Z')))
    ++end;
  if (at(text, end) != ']' || end == begin + 1) return {};
  return text.substr(begin, end + 1 - begin);
}

/// The first bytes, in capitals: where spellings are looked up. Those of fewer bytes than
/// kPrefixBytes are looked up by the first one.
constexpr std::size_t kPrefixBytes = 3;
/// Shorter values stand only for themselves: "12" is no part of "2012".
constexpr std::size_t kInnerBytesMin = 6;

std::uint32_t prefix_of(std::string_view text, std::size_t begin, std::size_t bytes) {
  std::uint32_t prefix = static_cast<std::uint32_t>(bytes);
  for (std::size_t i = 0; i < bytes; ++i) {
    const char c = at(text, begin + i);
    prefix = prefix << 8U | static_cast<unsigned char>(is_space(c) ? ' ' : to_upper(c));
  }
  return prefix;
}

}  // namespace

void PseudonymTable::avoid(std::string_view text) {
  for (std::size_t i = text.find('['); i != std::string_view::npos; i = text.find('[', i + 1)) {
    const std::string_view found = shaped(text, i);
    if (!found.empty() && avoided_.size() < kPseudonymsMax) avoided_.emplace(found);
  }
}

base::Result<std::string> PseudonymTable::placeholder(std::string_view detector,
                                                      std::string_view value) {
  const std::string key = std::string(detector) + '\n' + bare(folded(value));
  const auto known = placeholders_.find(key);
  if (known != placeholders_.end()) {
    add_spelling(value, known->second);
    return known->second;
  }
  if (values_.size() >= kPseudonymsMax)
    return base::fail(base::Code::kExhausted,
                      "the conversation holds more than {} different personal values",
                      kPseudonymsMax);
  const std::string kind = kind_of(detector).substr(0, kPlaceholderBytesMax - 16);
  std::string name;
  do {
    name = fmt::format("[{}_{}]", kind, ++next_[kind]);
  } while (avoided_.contains(name) || values_.contains(name));
  placeholder_bytes_max_ = std::max(placeholder_bytes_max_, name.size());
  placeholders_.emplace(key, name);
  values_.emplace(name, value);
  add_spelling(value, name);
  return name;
}

void PseudonymTable::add_spelling(std::string_view value, const std::string& placeholder) {
  Spelling spelling{folded(value), {}, placeholder, false};
  const bool digits = std::any_of(value.begin(), value.end(), is_digit);
  spelling.word = spelling.folded.size() < kInnerBytesMin || !digits;
  if (!digits &&
      std::none_of(value.begin(), value.end(), [](char c) { return is_space(c) || c == '@'; }))
    spelling.exact = value;
  const std::string& known = spelling.exact.empty() ? spelling.folded : spelling.exact;
  if (known.empty() || !known_spellings_.insert(known).second) return;
  const std::size_t bytes = spelling.folded.size() < kPrefixBytes ? 1 : kPrefixBytes;
  auto& list = spellings_[prefix_of(spelling.folded, 0, bytes)];
  const auto longer = std::find_if(list.begin(), list.end(), [&](const Spelling& other) {
    return other.folded.size() < spelling.folded.size();
  });
  list.insert(longer, std::move(spelling));
}

std::size_t PseudonymTable::match(std::string_view text, std::size_t begin,
                                  const Spelling& spelling) {
  if (!spelling.exact.empty() && !text.substr(begin).starts_with(spelling.exact)) return 0;
  std::size_t i = begin;
  for (const char wanted : spelling.folded) {
    if (i >= text.size()) return 0;
    if (wanted == ' ') {
      if (!is_space(text[i])) return 0;
      while (i < text.size() && is_space(text[i])) ++i;
    } else if (to_upper(text[i++]) != wanted) {
      return 0;
    }
  }
  const auto goes_on = [](char inside, char outside) {
    return (is_alnum(inside) || is_beyond_ascii(inside)) &&
           (is_alnum(outside) || is_beyond_ascii(outside));
  };
  if (spelling.word && (goes_on(spelling.folded.front(), before(text, begin)) ||
                        goes_on(spelling.folded.back(), at(text, i))))
    return 0;
  return i - begin;
}

std::string PseudonymTable::replace(std::string_view text) const {
  if (spellings_.empty()) return std::string(text);
  std::string out;
  out.reserve(text.size());
  std::size_t i = 0;
  while (i < text.size()) {
    if (const std::size_t own = text[i] == '[' ? placeholder_bytes(text, i) : 0; own != 0) {
      out += text.substr(i, own);
      i += own;
      continue;
    }
    const Spelling* found = nullptr;
    std::size_t covered = 0;
    for (const std::size_t bytes : {kPrefixBytes, std::size_t{1}}) {
      const auto list = spellings_.find(prefix_of(text, i, bytes));
      if (list == spellings_.end()) continue;
      for (auto one = list->second.begin(); one != list->second.end() && covered == 0; ++one)
        if ((covered = match(text, i, *one)) != 0) found = &*one;
      if (covered != 0) break;
    }
    if (found == nullptr) {
      out += text[i++];
      continue;
    }
    out += found->placeholder;
    i += covered;
  }
  return out;
}

std::string_view PseudonymTable::value(std::string_view placeholder) const {
  const auto found = values_.find(placeholder);
  return found == values_.end() ? std::string_view() : std::string_view(found->second);
}

std::size_t PseudonymTable::placeholder_bytes(std::string_view text, std::size_t begin) const {
  const std::string_view found = shaped(text, begin);
  return found.empty() || value(found).empty() ? 0 : found.size();
}

}  // namespace nearside::policy
