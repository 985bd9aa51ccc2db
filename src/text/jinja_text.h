// Text as Python's str sees it: code points of UTF-8, Unicode white space, letter case.
//
// Bytes that are not UTF-8 count as one code point each and are passed through unchanged.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nearside::text::jinja {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = true;
};

/// The code point that starts at byte `at`. REQUIRES: at < text.size().
CodePoint decode_at(std::string_view text, std::size_t at);
/// The byte where the code point that ends before byte `end` starts. REQUIRES: end > 0.
std::size_t previous_start(std::string_view text, std::size_t end);
void append_utf8(std::string& out, char32_t code_point);
bool is_valid_utf8(std::string_view text);

std::size_t count_code_points(std::string_view text);
/// Where the code point of that index starts; text.size() when there are fewer.
std::size_t byte_offset(std::string_view text, std::size_t code_point_index);

/// str.isspace, str.splitlines, str.isprintable, \w of the `re` module, str.isidentifier.
bool is_space(char32_t code_point);
bool is_line_break(char32_t code_point);
bool is_printable(char32_t code_point);
bool is_word(char32_t code_point);
bool is_cased_lower(char32_t code_point);
bool is_cased_upper(char32_t code_point);
bool is_decimal(char32_t code_point);
bool is_number(char32_t code_point);
/// str.isupper (or islower): at least one letter with case, and none of the other case.
bool has_case(std::string_view text, bool upper);

std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
/// First letter upper, the others lower.
std::string capitalize(std::string_view text);
/// str.title: every letter after a non-letter is upper.
std::string title_case(std::string_view text);

/// Without leading (trailing) code points that are white space, or in `characters` when not null.
std::string_view strip_left(std::string_view text, const std::string_view* characters);
std::string_view strip_right(std::string_view text, const std::string_view* characters);

/// npos where absent. Linear time, whatever the texts (glibc's two-way search).
std::size_t find_text(std::string_view text, std::string_view part, std::size_t from = 0);
std::size_t find_text_last(std::string_view text, std::string_view part);

/// `&`, `<`, `>` and both quotes as HTML entities.
std::string escape_html(std::string_view text);

}  // namespace nearside::text::jinja
