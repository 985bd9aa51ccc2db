// How much of a text's end may be the beginning of a marker that is still arriving.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace nearside::engine {

/// The length of the longest end of `text` that begins `marker` without being all of it.
/// REQUIRES: marker is not empty.
inline std::size_t begun_marker_bytes(std::string_view text, std::string_view marker) {
  for (std::size_t n = std::min(marker.size() - 1, text.size()); n > 0; --n)
    if (text.ends_with(marker.substr(0, n))) return n;
  return 0;
}

/// What JSON, templates and models put between things.
inline constexpr std::string_view kWhitespace = " \t\r\n";

/// `text` without the whitespace at its beginning.
inline std::string_view without_leading_space(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kWhitespace);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

/// How many bytes of whitespace `text` ends with.
inline std::size_t trailing_space_bytes(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kWhitespace);
  return last == std::string_view::npos ? text.size() : text.size() - last - 1;
}

}  // namespace nearside::engine
