#include "text/jinja_text.h"

#include <cstring>

#include <utf8proc.h>

namespace nearside::text::jinja {

CodePoint decode_at(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {byte, 1, true};
  utf8proc_int32_t value = 0;
  const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                      static_cast<utf8proc_ssize_t>(text.size() - at), &value);
  if (bytes <= 0) return {byte, 1, false};
  return {static_cast<char32_t>(value), static_cast<std::size_t>(bytes), true};
}

std::size_t previous_start(std::string_view text, std::size_t end) {
  constexpr std::size_t kBytesMax = 4;
  for (std::size_t back = 1; back <= kBytesMax && back <= end; ++back) {
    const auto byte = static_cast<unsigned char>(text[end - back]);
    if ((byte & 0xC0U) == 0x80) continue;
    return decode_at(text.substr(0, end), end - back).bytes == back ? end - back : end - 1;
  }
  return end - 1;
}

void append_utf8(std::string& out, char32_t code_point) {
  utf8proc_uint8_t buffer[4];
  const auto bytes = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), buffer);
  out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(bytes));
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    if (!point.valid) return false;
    at += point.bytes;
  }
  return true;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += decode_at(text, at).bytes;
  return count;
}

std::size_t byte_offset(std::string_view text, std::size_t code_point_index) {
  std::size_t at = 0;
  for (; code_point_index > 0 && at < text.size(); --code_point_index)
    at += decode_at(text, at).bytes;
  return at;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

bool is_line_break(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

namespace {
utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_letter(char32_t c) {
  const utf8proc_category_t kind = category(c);
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

void append_upper(std::string& out, char32_t c) {
  if (c == U'\u00DF') {
    out += "SS";  // the one full mapping that ordinary (German) text needs
    return;
  }
  append_utf8(out, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
}

void append_title(std::string& out, char32_t c) {
  if (c == U'\u00DF') {
    out += "Ss";
    return;
  }
  append_utf8(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
}

void append_lower(std::string& out, char32_t c) {
  append_utf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
}

// Calls `append(out, code point)` for each code point; bytes that are none are copied.
template <typename Append>
std::string mapped(std::string_view text, Append append) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    if (point.valid)
      append(out, point.value);
    else
      out += text[at];
    at += point.bytes;
  }
  return out;
}
}  // namespace

bool is_printable(char32_t c) {
  if (c == U' ') return true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return true;
  }
}

bool is_word(char32_t c) {
  if (c == U'_') return true;
  const utf8proc_category_t kind = category(c);
  return is_letter(c) || (kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO);
}

bool is_cased_lower(char32_t c) { return category(c) == UTF8PROC_CATEGORY_LL; }

bool is_cased_upper(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LU || category(c) == UTF8PROC_CATEGORY_LT;
}

bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }

bool is_number(char32_t c) {
  const utf8proc_category_t kind = category(c);
  return kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO;
}

bool has_case(std::string_view text, bool upper) {
  bool found = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    at += point.bytes;
    if (!point.valid) continue;
    if (upper ? is_cased_lower(point.value) : is_cased_upper(point.value)) return false;
    found |= upper ? is_cased_upper(point.value) : is_cased_lower(point.value);
  }
  return found;
}

std::string to_upper(std::string_view text) { return mapped(text, append_upper); }

std::string to_lower(std::string_view text) { return mapped(text, append_lower); }

std::string capitalize(std::string_view text) {
  bool first = true;
  return mapped(text, [&first](std::string& out, char32_t c) {
    if (first)
      append_title(out, c);
    else
      append_lower(out, c);
    first = false;
  });
}

std::string title_case(std::string_view text) {
  bool inside_word = false;
  return mapped(text, [&inside_word](std::string& out, char32_t c) {
    if (inside_word)
      append_lower(out, c);
    else
      append_title(out, c);
    inside_word = is_cased_lower(c) || is_cased_upper(c);
  });
}

namespace {
bool strips(std::string_view text, std::size_t at, const CodePoint& point,
            const std::string_view* characters) {
  if (characters == nullptr) return point.valid && is_space(point.value);
  return characters->find(text.substr(at, point.bytes)) != std::string_view::npos;
}
}  // namespace

std::string_view strip_left(std::string_view text, const std::string_view* characters) {
  std::size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = decode_at(text, at);
    if (!strips(text, at, point, characters)) break;
    at += point.bytes;
  }
  return text.substr(at);
}

std::string_view strip_right(std::string_view text, const std::string_view* characters) {
  std::size_t end = text.size();
  while (end > 0) {
    const std::size_t start = previous_start(text, end);
    if (!strips(text, start, decode_at(text, start), characters)) break;
    end = start;
  }
  return text.substr(0, end);
}

std::size_t find_text(std::string_view text, std::string_view part, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (part.empty()) return from;
  const void* found = memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::size_t find_text_last(std::string_view text, std::string_view part) {
  if (part.size() > text.size()) return std::string_view::npos;
  if (part.empty()) return text.size();
  constexpr std::size_t kShortBytes = 16;
  if (part.size() <= kShortBytes) return text.rfind(part);
  // A search from the end that stays linear: the same search over both texts turned round.
  const std::string text_reversed(text.rbegin(), text.rend());
  const std::string part_reversed(part.rbegin(), part.rend());
  const std::size_t found = find_text(text_reversed, part_reversed);
  return found == std::string_view::npos ? found : text.size() - found - part.size();
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace nearside::text::jinja
