// str's methods (declared in jinja_methods.h). On marked texts they keep the mark and escape their
// arguments, as markupsafe does.
#include <array>

#include "text/jinja_collections.h"
#include "text/jinja_format.h"
#include "text/jinja_methods.h"
#include "text/jinja_print.h"
#include "text/jinja_split.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;

namespace {

Result<Value> like(Runtime& runtime, const Value& subject, std::string text) {
  return make_string(runtime.budget, std::move(text), subject.is_markup());
}

// An argument that must be a text, escaped where the subject is marked and it is not.
Result<std::string> text_argument(const Value& subject, const Value& argument) {
  if (!argument.is_string())
    return type_error("expected a str argument, not '{}'", type_name(argument));
  return subject.is_markup() && !argument.is_markup() ? escape_html(argument.text())
                                                      : std::string(argument.text());
}

using Mapping = std::string (*)(std::string_view);

template <Mapping mapping>
Result<Value> mapped(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("str method", arguments, {}));
  TRY(runtime.budget.charge_code_points(subject.text().size()));
  return like(runtime, subject, mapping(subject.text()));
}

std::string swap_case(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    const std::string_view one = text.substr(at, point.bytes);
    out += point.valid && is_cased_upper(point.value)   ? to_lower(one)
           : point.valid && is_cased_lower(point.value) ? to_upper(one)
                                                        : std::string(one);
    at += point.bytes;
  }
  return out;
}

template <bool left, bool right>
Result<Value> stripped(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("strip", arguments, {"chars"}));
  std::string characters;
  const bool given = bound[0] != nullptr && !bound[0]->is_none();
  if (given) characters = TRY(text_argument(subject, *bound[0]));
  // Each code point is looked up among the characters.
  TRY(runtime.budget.charge_text(characters.size()));
  if (given && characters.size() > 64)
    TRY(runtime.budget.charge_items(characters.size() / 64 * subject.text().size()));
  const std::string_view view = characters;
  std::string_view text = subject.text();
  if (left) text = strip_left(text, given ? &view : nullptr);
  if (right) text = strip_right(text, given ? &view : nullptr);
  return like(runtime, subject, std::string(text));
}

Result<Value> list_of(Runtime& runtime, const Value& subject,
                      const std::vector<std::string_view>& parts) {
  std::vector<Value> items;
  items.reserve(parts.size());
  for (const std::string_view part : parts)
    items.push_back(TRY(like(runtime, subject, std::string(part))));
  return make_list(runtime.budget, std::move(items));
}

template <bool from_end>
Result<Value> split(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("split", arguments, {"sep", "maxsplit"}));
  const std::int64_t times_max = TRY(bound.integer(1, -1));
  const std::string_view text = subject.text();
  Budget& budget = runtime.budget;
  TRY(budget.charge_text(text.size()));
  if (bound[0] == nullptr || bound[0]->is_none()) {
    TRY(budget.charge_code_points(text.size()));
    const Parts parts = TRY(from_end ? split_at_space_from_end(budget, text, times_max)
                                     : split_at_space(budget, text, times_max));
    return list_of(runtime, subject, parts);
  }
  const std::string separator = TRY(text_argument(subject, *bound[0]));
  if (separator.empty()) return value_error("empty separator");
  const Parts parts = TRY(from_end ? split_at_from_end(budget, text, separator, times_max)
                                   : split_at(budget, text, separator, times_max));
  return list_of(runtime, subject, parts);
}

Result<Value> lines(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("splitlines", arguments, {"keepends"}));
  const Parts parts = TRY(split_lines(runtime.budget, subject.text(), bound.flag(0, false)));
  return list_of(runtime, subject, parts);
}

template <bool from_end>
Result<Value> partition(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("partition", arguments, {"sep"}, 1));
  const std::string separator = TRY(text_argument(subject, *bound[0]));
  if (separator.empty()) return value_error("empty separator");
  const std::string_view text = subject.text();
  TRY(runtime.budget.charge_search(text.size(), separator.size()));
  const std::size_t found = from_end ? find_text_last(text, separator) : find_text(text, separator);
  std::array<std::string_view, 3> parts{text, "", ""};
  if (found != std::string_view::npos)
    parts = {text.substr(0, found), separator, text.substr(found + separator.size())};
  else if (from_end)
    parts = {"", "", text};
  std::vector<Value> items;
  for (const std::string_view part : parts)
    items.push_back(TRY(like(runtime, subject, std::string(part))));
  return make_tuple(runtime.budget, std::move(items));
}

Result<Value> replace(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("replace", arguments, {"old", "new", "count"}, 2));
  const std::string old = TRY(text_argument(subject, *bound[0]));
  const std::string with = TRY(text_argument(subject, *bound[1]));
  const std::int64_t times_max = TRY(bound.integer(2, -1));
  return like(runtime, subject,
              TRY(replaced(runtime.budget, subject.text(), old, with, times_max)));
}

// The part of the subject that the arguments `first` and `first + 1` (start, end) choose.
struct Window {
  std::string_view text;
  std::size_t start = 0;  // in code points
  bool exists = true;     // false: start lies past the end
};
Result<Window> window(Runtime& runtime, const Value& subject, const Bound& bound,
                      std::size_t first) {
  if (bound[first] == nullptr && bound[first + 1] == nullptr) return Window{subject.text()};
  TRY(runtime.budget.charge_code_points(subject.text().size()));
  const std::size_t size = text_length(subject);
  const auto bound_or_none = [&](std::size_t index) {
    return bound[index] == nullptr ? Value::none() : *bound[index];
  };
  const Value start = bound_or_none(first);
  const SliceBounds bounds =
      TRY(slice_bounds(size, start, bound_or_none(first + 1), Value::none()));
  Window part;
  part.start = static_cast<std::size_t>(bounds.start);
  part.exists = start.is_none() || start.integer() <= static_cast<std::int64_t>(size);
  const std::size_t begin = byte_offset(subject.text(), part.start);
  part.text = subject.text().substr(begin);
  part.text = part.text.substr(0, byte_offset(part.text, bounds.count));
  return part;
}

template <bool from_end, bool must_exist>
Result<Value> find(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("find", arguments, {"sub", "start", "end"}, 1));
  if (!bound[0]->is_string()) return type_error("must be str, not {}", type_name(*bound[0]));
  const Window part = TRY(window(runtime, subject, bound, 1));
  TRY(runtime.budget.charge_search(part.text.size(), bound[0]->text().size()));
  const std::size_t found = !part.exists ? std::string_view::npos
                            : from_end   ? find_text_last(part.text, bound[0]->text())
                                         : find_text(part.text, bound[0]->text());
  if (found != std::string_view::npos)
    return Value::integer(
        static_cast<std::int64_t>(part.start + count_code_points(part.text.substr(0, found))));
  if (must_exist) return value_error("substring not found");
  return Value::integer(-1);
}

Result<Value> count(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("count", arguments, {"sub", "start", "end"}, 1));
  if (!bound[0]->is_string()) return type_error("must be str, not {}", type_name(*bound[0]));
  const Window part = TRY(window(runtime, subject, bound, 1));
  const std::string_view wanted = bound[0]->text();
  TRY(runtime.budget.charge_search(part.text.size(), wanted.size()));
  if (wanted.empty())
    return Value::integer(static_cast<std::int64_t>(count_code_points(part.text)) + 1);
  std::int64_t found_count = 0;
  for (std::size_t found = find_text(part.text, wanted); found != std::string_view::npos;
       found = find_text(part.text, wanted, found + wanted.size()))
    ++found_count;
  return Value::integer(found_count);
}

template <bool at_end>
Result<Value> starts_or_ends(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound =
      TRY(bind(at_end ? "endswith" : "startswith", arguments, {"prefix", "start", "end"}, 1));
  const Window part = TRY(window(runtime, subject, bound, 1));
  const auto fits = [&](const Value& wanted) -> Result<bool> {
    if (!wanted.is_string())
      return type_error("{} first arg must be str or a tuple of str, not {}",
                        at_end ? "endswith" : "startswith", type_name(wanted));
    if (!runtime.budget.take_steps()) return runtime.budget.too_many_steps();
    return part.exists &&
           (at_end ? part.text.ends_with(wanted.text()) : part.text.starts_with(wanted.text()));
  };
  if (!bound[0]->is(Kind::kTuple)) return Value::boolean(TRY(fits(*bound[0])));
  for (const Value& wanted : bound[0]->items())
    if (TRY(fits(wanted))) return Value::boolean(true);
  return Value::boolean(false);
}

template <bool at_end>
Result<Value> remove_affix(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("removeprefix", arguments, {"prefix"}, 1));
  const std::string affix = TRY(text_argument(subject, *bound[0]));
  std::string_view text = subject.text();
  if (at_end && text.ends_with(affix)) text.remove_suffix(affix.size());
  if (!at_end && text.starts_with(affix)) text.remove_prefix(affix.size());
  return like(runtime, subject, std::string(text));
}

Result<Value> join(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("join", arguments, {"iterable"}, 1));
  const Value items = TRY(to_sequence(runtime.budget, *bound[0]));
  std::string text;
  for (std::size_t i = 0; i < items.items().size(); ++i) {
    const Value& item = items.items()[i];
    if (!item.is_string())
      return type_error("sequence item {}: expected str instance, {} found", i, type_name(item));
    if (i > 0) TRY(append_str(runtime.budget, text, subject));
    if (subject.is_markup() && !item.is_markup())
      text += escape_html(item.text());
    else
      TRY(append_str(runtime.budget, text, item));
  }
  return like(runtime, subject, std::move(text));
}

Result<Value> format(Runtime& runtime, const Value& subject, Arguments& arguments) {
  return brace_format(runtime, subject, arguments);
}

template <char align>
Result<Value> justify(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("justify", arguments, {"width", "fillchar"}, 1));
  const std::int64_t width = TRY(bound.integer(0, 0));
  std::string fill = " ";
  if (bound[1] != nullptr) fill = TRY(text_argument(subject, *bound[1]));
  if (count_code_points(fill) != 1)
    return type_error("The fill character must be exactly one character long");
  const auto length = static_cast<std::int64_t>(text_length(subject));
  const std::int64_t missing = width > length ? width - length : 0;
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(missing), fill.size(), &bytes))
    bytes = SIZE_MAX;
  TRY(runtime.budget.charge_text(bytes));
  // CPython puts the odd one of centred text on the left when the width is odd.
  const std::int64_t before = align == '<'   ? 0
                              : align == '>' ? missing
                                             : missing / 2 + (missing & width & 1);
  std::string text;
  for (std::int64_t i = 0; i < before; ++i) text += fill;
  text += subject.text();
  for (std::int64_t i = before; i < missing; ++i) text += fill;
  return like(runtime, subject, std::move(text));
}

Result<Value> zero_fill(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Bound bound = TRY(bind("zfill", arguments, {"width"}, 1));
  const std::int64_t width = TRY(bound.integer(0, 0));
  const auto length = static_cast<std::int64_t>(text_length(subject));
  const auto missing = static_cast<std::size_t>(width > length ? width - length : 0);
  TRY(runtime.budget.charge_text(missing));
  std::string text(subject.text());
  const bool has_sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  text.insert(has_sign ? 1 : 0, missing, '0');
  return like(runtime, subject, std::move(text));
}

using Predicate = bool (*)(char32_t);

bool is_letter(char32_t c) { return is_word(c) && !is_number(c) && c != U'_'; }
bool is_letter_or_digit(char32_t c) { return is_word(c) && c != U'_'; }

template <Predicate predicate>
Result<Value> all_are(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("str method", arguments, {}));
  const std::string_view text = subject.text();
  TRY(runtime.budget.charge_code_points(text.size()));
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    if (!point.valid || !predicate(point.value)) return Value::boolean(false);
    at += point.bytes;
  }
  return Value::boolean(!text.empty());
}

template <bool upper>
Result<Value> case_is(Runtime& runtime, const Value& subject, Arguments& arguments) {
  TRY(bind("str method", arguments, {}));
  TRY(runtime.budget.charge_code_points(subject.text().size()));
  return Value::boolean(has_case(subject.text(), upper));
}

constexpr std::array kMethods{
    FunctionEntry{"capitalize", mapped<capitalize>},
    FunctionEntry{"casefold", mapped<to_lower>},
    FunctionEntry{"center", justify<'^'>},
    FunctionEntry{"count", count},
    FunctionEntry{"endswith", starts_or_ends<true>},
    FunctionEntry{"find", find<false, false>},
    FunctionEntry{"format", format},
    FunctionEntry{"index", find<false, true>},
    FunctionEntry{"isalnum", all_are<is_letter_or_digit>},
    FunctionEntry{"isalpha", all_are<is_letter>},
    FunctionEntry{"isdecimal", all_are<is_decimal>},
    FunctionEntry{"isdigit", all_are<is_decimal>},
    FunctionEntry{"islower", case_is<false>},
    FunctionEntry{"isnumeric", all_are<is_number>},
    FunctionEntry{"isspace", all_are<is_space>},
    FunctionEntry{"isupper", case_is<true>},
    FunctionEntry{"join", join},
    FunctionEntry{"ljust", justify<'<'>},
    FunctionEntry{"lower", mapped<to_lower>},
    FunctionEntry{"lstrip", stripped<true, false>},
    FunctionEntry{"partition", partition<false>},
    FunctionEntry{"removeprefix", remove_affix<false>},
    FunctionEntry{"removesuffix", remove_affix<true>},
    FunctionEntry{"replace", replace},
    FunctionEntry{"rfind", find<true, false>},
    FunctionEntry{"rindex", find<true, true>},
    FunctionEntry{"rjust", justify<'>'>},
    FunctionEntry{"rpartition", partition<true>},
    FunctionEntry{"rsplit", split<true>},
    FunctionEntry{"rstrip", stripped<false, true>},
    FunctionEntry{"split", split<false>},
    FunctionEntry{"splitlines", lines},
    FunctionEntry{"startswith", starts_or_ends<false>},
    FunctionEntry{"strip", stripped<true, true>},
    FunctionEntry{"swapcase", mapped<swap_case>},
    FunctionEntry{"title", mapped<title_case>},
    FunctionEntry{"upper", mapped<to_upper>},
    FunctionEntry{"zfill", zero_fill},
};

}  // namespace

std::span<const FunctionEntry> string_methods() { return kMethods; }

}  // namespace nearside::text::jinja
