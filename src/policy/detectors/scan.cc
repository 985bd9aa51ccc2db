#include "policy/detectors/scan.h"

#include <array>
#include <cmath>

namespace nearside::policy {

std::size_t high_separator_bytes(std::string_view text, std::size_t index) {
  // No-break space, soft hyphen; figure, thin, zero-width, narrow no-break space; Unicode hyphens
  // and dashes; word joiner; byte order mark.
  constexpr std::string_view kSeparators[] = {
      "\xc2\xa0",     "\xc2\xad",     "\xe2\x80\x87", "\xe2\x80\x89", "\xe2\x80\x8b",
      "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\xaf", "\xe2\x80\x90", "\xe2\x80\x91",
      "\xe2\x80\x92", "\xe2\x80\x93", "\xe2\x81\xa0", "\xef\xbb\xbf"};
  for (const std::string_view separator : kSeparators)
    if (text.substr(index).starts_with(separator)) return separator.size();
  return 0;
}

bool word_precedes(std::string_view text, std::size_t index, std::size_t within,
                   std::initializer_list<std::string_view> words) {
  const std::size_t from = index > within ? index - within : 0;
  for (std::size_t start = from; start < index; ++start) {
    if (is_alnum(before(text, start))) continue;
    for (const std::string_view word : words) {
      if (word.size() > index - start) continue;
      bool same = true;
      for (std::size_t i = 0; i < word.size() && same; ++i)
        same = to_upper(text[start + i]) == to_upper(word[i]);
      if (same) return true;
    }
  }
  return false;
}

double entropy_bits(std::string_view text) {
  if (text.empty()) return 0;
  std::array<unsigned, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const unsigned count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(text.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

}  // namespace nearside::policy
