// Filters on texts. What is filtered is made a text first.
#include <array>

#include "text/jinja_collections.h"
#include "text/jinja_filters.h"
#include "text/jinja_format.h"
#include "text/jinja_methods.h"
#include "text/jinja_operators.h"
#include "text/jinja_print.h"
#include "text/jinja_split.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;

namespace {

using Mapping = std::string (*)(std::string_view);

template <Mapping mapping>
Result<Value> mapped(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("filter", arguments, {}));
  const Value text = TRY(to_text(runtime.budget, subject));
  TRY(runtime.budget.charge_code_points(text.text().size()));
  return make_string(runtime.budget, mapping(text.text()), text.is_markup());
}

// Jinja's own title: words begin after white space and -({[<, and only there.
std::string title_words(std::string_view text) {
  std::string out;
  bool begins = true;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    const std::string_view one = text.substr(at, point.bytes);
    const bool separates = (point.valid && is_space(point.value)) ||
                           std::string_view("-({[<").find(one) != std::string_view::npos;
    out += begins && !separates ? to_upper(one) : to_lower(one);
    begins = separates;
    at += point.bytes;
  }
  return out;
}

Result<Value> trim(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Value text = TRY(to_text(runtime.budget, subject));
  Arguments same = arguments;
  return find_method(text, "strip")->call(runtime, text, same);
}

Result<Value> replace(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("replace", arguments, {"old", "new", "count"}, 2));
  const std::string text = TRY(to_str(runtime.budget, subject));
  const std::string old = TRY(to_str(runtime.budget, *bound[0]));
  const std::string with = TRY(to_str(runtime.budget, *bound[1]));
  const bool everywhere = bound[2] == nullptr || bound[2]->is_none();
  const std::int64_t times_max = everywhere ? -1 : TRY(bound.integer(2, -1));
  return make_string(runtime.budget, TRY(replaced(runtime.budget, text, old, with, times_max)));
}

Result<Value> indent(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("indent", arguments, {"width", "first", "blank"}));
  if (subject.is_undefined()) return undefined_error(subject);
  if (!subject.is_string())
    return type_error("unsupported operand type(s) for +=: '{}' and 'str'", type_name(subject));
  std::string indention;
  if (bound[0] != nullptr && bound[0]->is_string()) {
    indention = bound[0]->text();
  } else {
    const std::int64_t width = TRY(bound.integer(0, 4));
    TRY(runtime.budget.charge_text(width > 0 ? static_cast<std::size_t>(width) : 0));
    indention.assign(width > 0 ? static_cast<std::size_t>(width) : 0, ' ');
  }
  const bool blank_too = bound.flag(2, false);
  const std::string text = std::string(subject.text()) + "\n";
  const Parts lines = TRY(split_lines(runtime.budget, text));
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    if (i == 0 ? bound.flag(1, false) : blank_too || !lines[i].empty()) out += indention;
    out += lines[i];
    TRY(runtime.budget.charge_text(
        out.size() > runtime.budget.limits().output_bytes_max ? out.size() : indention.size()));
  }
  return make_string(runtime.budget, std::move(out), subject.is_markup());
}

Result<Value> center(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("center", arguments, {"width"}));
  const Value text = TRY(to_text(runtime.budget, subject));
  Arguments width;
  width.positional.push_back(bound[0] == nullptr ? Value::integer(80) : *bound[0]);
  return find_method(text, "center")->call(runtime, text, width);
}

Result<Value> format(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Value text = TRY(to_text(runtime.budget, subject));
  if (arguments.named.empty()) {
    const Value values = TRY(make_tuple(runtime.budget, std::move(arguments.positional)));
    return percent_format(runtime.budget, text, values);
  }
  if (!arguments.positional.empty())
    return type_error("can't handle positional and keyword arguments at the same time");
  DictBuilder builder(runtime.budget);
  for (auto& [name, value] : arguments.named) {
    Value key = TRY(make_string(runtime.budget, name));
    TRY(builder.set(std::move(key), std::move(value)));
  }
  const Value values = TRY(builder.build());
  return percent_format(runtime.budget, text, values);
}

Result<Value> truncate(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("truncate", arguments, {"length", "killwords", "end", "leeway"}));
  const std::int64_t size_max = TRY(bound.integer(0, 255));
  const std::int64_t leeway =
      bound[3] == nullptr || bound[3]->is_none() ? 5 : TRY(bound.integer(3, 5));
  const std::string end = bound[2] == nullptr ? "..." : TRY(to_str(runtime.budget, *bound[2]));
  const auto end_size = static_cast<std::int64_t>(count_code_points(end));
  if (size_max < end_size || leeway < 0)
    return value_error("expected length >= {}, got {}", end_size, size_max);
  const auto size = static_cast<std::int64_t>(TRY(length(subject)));
  if (size <= size_max || size - size_max <= leeway) return subject;
  if (!subject.is_string()) return type_error("truncate needs a text, not {}", type_name(subject));
  std::string_view kept = subject.text().substr(
      0, byte_offset(subject.text(), static_cast<std::size_t>(size_max - end_size)));
  if (!bound.flag(1, false)) kept = kept.substr(0, std::min(kept.rfind(' '), kept.size()));
  return make_string(runtime.budget, std::string(kept) + end);
}

Result<Value> word_count(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("wordcount", arguments, {}));
  const std::string text = TRY(to_str(runtime.budget, subject));
  TRY(runtime.budget.charge_code_points(text.size()));
  std::int64_t words = 0;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    const bool word = point.valid && is_word(point.value);
    if (word && !inside) ++words;
    inside = word;
    at += point.bytes;
  }
  return Value::integer(words);
}

Result<Value> mark_safe(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("safe", arguments, {}));
  return make_string(runtime.budget, TRY(to_str(runtime.budget, subject)), true);
}

Result<Value> escape(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("escape", arguments, {}));
  if (subject.is_markup()) return subject;
  const std::string text = TRY(to_str(runtime.budget, subject));
  return make_string(runtime.budget, escape_html(text), true);
}

Result<Value> escape_again(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("forceescape", arguments, {}));
  const std::string text = TRY(to_str(runtime.budget, subject));
  return make_string(runtime.budget, escape_html(text), true);
}

Result<Value> string(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("string", arguments, {}));
  return to_text(runtime.budget, subject);
}

bool is_url_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.-~").find(c) != std::string_view::npos;
}

std::string url_quoted(std::string_view text, bool in_query) {
  std::string out;
  for (const char c : text) {
    if (is_url_safe(c) || (c == '/' && !in_query))
      out += c;
    else if (c == ' ' && in_query)
      out += '+';
    else
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

Result<Value> url_encode(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("urlencode", arguments, {}));
  if (subject.is_string() || !is_iterable(subject)) {
    const std::string text = TRY(to_str(runtime.budget, subject));
    TRY(runtime.budget.charge_items(text.size()));
    return make_string(runtime.budget, url_quoted(text, false));
  }
  Value pairs = subject;
  if (subject.is(Kind::kDict)) {
    Arguments none;
    pairs = TRY(find_method(subject, "items")->call(runtime, subject, none));
  }
  const Value items = TRY(to_sequence(runtime.budget, pairs));
  std::string out;
  for (const Value& pair : items.items()) {
    const Value parts = TRY(to_sequence(runtime.budget, pair));
    if (parts.items().size() != 2) return value_error("urlencode needs pairs of key and value");
    const std::string key = TRY(to_str(runtime.budget, parts.items()[0]));
    const std::string value = TRY(to_str(runtime.budget, parts.items()[1]));
    TRY(runtime.budget.charge_items(key.size() + value.size()));
    if (!out.empty()) out += '&';
    out += url_quoted(key, true) + "=" + url_quoted(value, true);
  }
  return make_string(runtime.budget, std::move(out));
}

constexpr std::array kFilters{
    FunctionEntry{"capitalize", mapped<capitalize>},
    FunctionEntry{"center", center},
    FunctionEntry{"e", escape},
    FunctionEntry{"escape", escape},
    FunctionEntry{"forceescape", escape_again},
    FunctionEntry{"format", format},
    FunctionEntry{"indent", indent},
    FunctionEntry{"lower", mapped<to_lower>},
    FunctionEntry{"replace", replace},
    FunctionEntry{"safe", mark_safe},
    FunctionEntry{"string", string},
    FunctionEntry{"title", mapped<title_words>},
    FunctionEntry{"trim", trim},
    FunctionEntry{"truncate", truncate},
    FunctionEntry{"upper", mapped<to_upper>},
    FunctionEntry{"urlencode", url_encode},
    FunctionEntry{"wordcount", word_count},
};

}  // namespace

std::span<const FunctionEntry> text_filters() { return kFilters; }

}  // namespace nearside::text::jinja
