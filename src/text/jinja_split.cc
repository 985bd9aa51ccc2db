#include "text/jinja_split.h"

#include <algorithm>

#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;

namespace {

// A part takes 16 bytes before it becomes a value, and a value then; so many steps keep a text of
// only separators from becoming a large list.
constexpr std::size_t kStepsPerPart = 8;
// The end of the run of non-white code points that starts at `at`.
std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const CodePoint point = decode_at(text, at);
    if (point.valid && is_space(point.value)) break;
    at += point.bytes;
  }
  return at;
}

std::size_t word_start(std::string_view text, std::size_t end) {
  while (end > 0) {
    const std::size_t start = previous_start(text, end);
    const CodePoint point = decode_at(text, start);
    if (point.valid && is_space(point.value)) break;
    end = start;
  }
  return end;
}

bool may_split(std::int64_t done, std::int64_t times_max) {
  return times_max < 0 || done < times_max;
}

}  // namespace

Result<Parts> split_at_space(Budget& budget, std::string_view text, std::int64_t times_max) {
  Parts parts;
  text = strip_left(text, nullptr);
  while (!text.empty() && may_split(static_cast<std::int64_t>(parts.size()), times_max)) {
    const std::size_t end = word_end(text, 0);
    TRY(budget.charge_items(kStepsPerPart));
    parts.push_back(text.substr(0, end));
    text = strip_left(text.substr(end), nullptr);
  }
  if (!text.empty()) parts.push_back(text);
  return parts;
}

Result<Parts> split_at_space_from_end(Budget& budget, std::string_view text,
                                      std::int64_t times_max) {
  Parts parts;
  text = strip_right(text, nullptr);
  while (!text.empty() && may_split(static_cast<std::int64_t>(parts.size()), times_max)) {
    const std::size_t start = word_start(text, text.size());
    TRY(budget.charge_items(kStepsPerPart));
    parts.push_back(text.substr(start));
    text = strip_right(text.substr(0, start), nullptr);
  }
  if (!text.empty()) parts.push_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

Result<Parts> split_at(Budget& budget, std::string_view text, std::string_view separator,
                       std::int64_t times_max) {
  TRY(budget.charge_search(text.size(), separator.size()));
  Parts parts;
  std::size_t start = 0;
  while (may_split(static_cast<std::int64_t>(parts.size()), times_max)) {
    const std::size_t found = find_text(text, separator, start);
    if (found == std::string_view::npos) break;
    TRY(budget.charge_items(kStepsPerPart));
    parts.push_back(text.substr(start, found - start));
    start = found + separator.size();
  }
  parts.push_back(text.substr(start));
  return parts;
}

Result<Parts> split_at_from_end(Budget& budget, std::string_view text, std::string_view separator,
                                std::int64_t times_max) {
  Parts parts;
  while (may_split(static_cast<std::int64_t>(parts.size()), times_max)) {
    TRY(budget.charge_search(text.size(), separator.size()));
    const std::size_t found = find_text_last(text, separator);
    if (found == std::string_view::npos) break;
    TRY(budget.charge_items(kStepsPerPart));
    parts.push_back(text.substr(found + separator.size()));
    text = text.substr(0, found);
  }
  parts.push_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

Result<Parts> split_lines(Budget& budget, std::string_view text, bool keep_ends) {
  TRY(budget.charge_code_points(text.size()));
  Parts lines;
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    std::size_t next = at + point.bytes;
    if (point.valid && is_line_break(point.value)) {
      if (point.value == U'\r' && next < text.size() && text[next] == '\n') ++next;
      TRY(budget.charge_items(kStepsPerPart));
      lines.push_back(text.substr(start, (keep_ends ? next : at) - start));
      start = next;
    }
    at = next;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

Result<std::string> replaced(Budget& budget, std::string_view text, std::string_view old,
                             std::string_view with, std::int64_t times_max) {
  std::string out;
  std::size_t start = 0;
  std::int64_t done = 0;
  const auto insert = [&]() -> base::Status {
    out += with;
    ++done;
    return budget.charge_text(std::max(out.size(), text.size()) > budget.limits().output_bytes_max
                                  ? out.size()
                                  : with.size());
  };
  TRY(budget.charge_search(text.size(), old.size()));
  if (old.empty()) {  // before every code point and at the end
    while (may_split(done, times_max)) {
      TRY(insert());
      if (start >= text.size()) break;
      const std::size_t bytes = decode_at(text, start).bytes;
      out += text.substr(start, bytes);
      start += bytes;
    }
  } else {
    while (may_split(done, times_max)) {
      const std::size_t found = find_text(text, old, start);
      if (found == std::string_view::npos) break;
      out += text.substr(start, found - start);
      TRY(insert());
      start = found + old.size();
    }
  }
  if (start < text.size()) out += text.substr(start);
  return out;
}

}  // namespace nearside::text::jinja
