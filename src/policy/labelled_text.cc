#include "policy/labelled_text.h"

#include <algorithm>

#include "base/json.h"

namespace nearside::policy {

namespace {

/// Byte offsets of all code points and of the end.
std::vector<std::size_t> offsets_of(std::string_view text) {
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) offsets.push_back(i);
  offsets.push_back(text.size());
  return offsets;
}

base::Result<TrueSpan> parse_span(const base::json::value& value,
                                  const std::vector<std::size_t>& offsets) {
  const auto* parts = value.if_array();
  if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_int64() ||
      !(*parts)[1].is_int64() || !(*parts)[2].is_string())
    return base::fail(base::Code::kInvalidArgument, "a span is not [begin, end, \"TYPE\"]");
  const std::int64_t begin = (*parts)[0].as_int64();
  const std::int64_t end = (*parts)[1].as_int64();
  if (begin < 0 || end <= begin || static_cast<std::size_t>(end) >= offsets.size())
    return base::fail(base::Code::kInvalidArgument, "span [{}, {}] is not inside the text", begin,
                      end);
  return TrueSpan{
      {offsets[static_cast<std::size_t>(begin)], offsets[static_cast<std::size_t>(end)]},
      std::string((*parts)[2].as_string())};
}

base::Result<LabelledText> parse_line(std::string_view line) {
  const base::json::value value = TRY(base::parse_json(line));
  const auto* object = value.if_object();
  const auto* text = object == nullptr ? nullptr : object->if_contains("text");
  const auto* spans = object == nullptr ? nullptr : object->if_contains("spans");
  if (text == nullptr || !text->is_string() || spans == nullptr || !spans->is_array())
    return base::fail(base::Code::kInvalidArgument, "\"text\" or \"spans\" is missing");
  LabelledText out;
  out.text = text->as_string();
  const std::vector<std::size_t> offsets = offsets_of(out.text);
  for (const auto& span : spans->as_array()) out.spans.push_back(TRY(parse_span(span, offsets)));
  std::sort(out.spans.begin(), out.spans.end(),
            [](const TrueSpan& a, const TrueSpan& b) { return a.span.begin < b.span.begin; });
  const auto* shape = object->if_contains("template_id");
  if (shape != nullptr && shape->is_int64()) out.template_number = shape->as_int64();
  return out;
}

}  // namespace

base::Result<std::vector<LabelledText>> parse_labelled_texts(std::string_view lines) {
  std::vector<LabelledText> texts;
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.empty()) continue;
    base::Result<LabelledText> text = parse_line(line);
    if (!text) return std::move(text).error().with_context(fmt::format("line {}", number));
    texts.push_back(std::move(*text));
  }
  return texts;
}

}  // namespace nearside::policy
