#include <algorithm>

#include "policy/detectors/scan.h"
#include "policy/pseudonyms/pseudonymizer.h"

namespace nearside::policy {

namespace {

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
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (space && (out.empty() || out.back() == ' ')) continue;
    out += space ? ' ' : to_upper(c);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

constexpr std::size_t kPlaceholderBytesMax = 96;  // a word list's category may be long

/// The placeholder-shaped text that begins at `begin`, brackets included; empty if there is none.
std::string_view shaped(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && end - begin < kPlaceholderBytesMax &&
         (is_digit(text[end]) || text[end] == '_' || (text[end] >= 'A' && text[end] <= 'Z')))
    ++end;
  if (at(text, end) != ']' || end == begin + 1) return {};
  return text.substr(begin, end + 1 - begin);
}

}  // namespace

void PseudonymTable::avoid(std::string_view text) {
  for (std::size_t i = text.find('['); i != std::string_view::npos; i = text.find('[', i + 1)) {
    const std::string_view found = shaped(text, i);
    if (!found.empty() && avoided_.size() < kPseudonymsMax) avoided_.emplace(found, true);
  }
}

base::Result<std::string> PseudonymTable::placeholder(std::string_view detector,
                                                      std::string_view value) {
  const std::string key = std::string(detector) + '\n' + folded(value);
  const auto known = placeholders_.find(key);
  if (known != placeholders_.end()) return known->second;
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
  return name;
}

std::string_view PseudonymTable::value(std::string_view placeholder) const {
  const auto found = values_.find(placeholder);
  return found == values_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace nearside::policy
