#include "text/jinja_format.h"

#include "text/jinja_attributes.h"
#include "text/jinja_collections.h"
#include "text/jinja_literal.h"
#include "text/jinja_number_format.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;
using base::Status;

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits from `at` on as a number, -1 where there are none. Widths end in an allocation, so what
// does not fit an int is refused.
Result<std::int64_t> number_from(std::string_view text, std::size_t& at) {
  constexpr std::int64_t kMax = INT32_MAX;
  if (at >= text.size() || !is_digit(text[at])) return std::int64_t{-1};
  std::int64_t number = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    number = number * 10 + (text[at] - '0');
    if (number > kMax) return value_error("Too many decimal digits in format string");
  }
  return number;
}

// str() or repr() of a value to put into a text; marked formats escape what is not marked.
Result<std::string> field_text(Budget& budget, const Value& value, bool repr, bool markup) {
  std::string text;
  TRY(repr ? append_repr(budget, text, value) : append_str(budget, text, value));
  if (markup && !(value.is_markup() && !repr)) return escape_html(text);
  return text;
}

std::string shortened(std::string text, std::int64_t precision) {
  if (precision < 0) return text;
  return text.substr(0, byte_offset(text, static_cast<std::size_t>(precision)));
}

// ---- "%s" % values ----

class PercentFormatter {
 public:
  PercentFormatter(Budget& budget, const Value& format, const Value& values)
      : budget_(budget), format_(format.text()), markup_(format.is_markup()), values_(values) {}

  Result<Value> run() {
    while (at_ < format_.size()) {
      const std::size_t percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent;
      if (at_ < format_.size()) TRY(directive());
      TRY(budget_.charge_text(out_.size() > budget_.limits().output_bytes_max ? out_.size() : 1));
    }
    const bool one = !values_.is(Kind::kTuple);
    const std::size_t given = one ? 1 : values_.items().size();
    const bool may_be_left = one && (values_.is(Kind::kDict) || values_.is(Kind::kList) ||
                                     values_.is(Kind::kRange) || values_.is_undefined());
    if (taken_ < given && !may_be_left)
      return type_error("not all arguments converted during string formatting");
    return make_string(budget_, std::move(out_), markup_);
  }

 private:
  Result<Value> next_value() {
    const bool one = !values_.is(Kind::kTuple);
    if (taken_ >= (one ? 1 : values_.items().size()))
      return type_error("not enough arguments for format string");
    ++taken_;
    return one ? values_ : values_.items()[taken_ - 1];
  }

  Result<Value> keyed_value() {
    const std::size_t end = format_.find(')', at_);
    if (end == std::string_view::npos) return value_error("incomplete format key");
    if (!values_.is(Kind::kDict)) return type_error("format requires a mapping");
    const std::string_view key = format_.substr(at_ + 1, end - at_ - 1);
    const Value* const found = values_.dict().find(key);
    if (found == nullptr) return base::fail(base::Code::kInvalidArgument, "KeyError: '{}'", key);
    at_ = end + 1;
    return *found;
  }

  Status flags(FieldStyle& style) {
    for (; at_ < format_.size(); ++at_) {
      const char c = format_[at_];
      if (c == '-')
        style.align = '<';
      else if (c == '+' || (c == ' ' && style.sign != '+'))
        style.sign = c;
      else if (c == '0')
        style.fill = "0";
      else if (c == '#')
        style.alternate = true;
      else if (c != ' ')
        break;
    }
    return {};
  }

  // A width or precision: digits, or `*` for the next value.
  Result<std::int64_t> measure() {
    if (at_ >= format_.size() || format_[at_] != '*') return number_from(format_, at_);
    ++at_;
    const Value value = TRY(next_value());
    if (!value.is_integral() || value.integer() > INT32_MAX || value.integer() < INT32_MIN)
      return type_error("* wants int");
    return value.integer();
  }

  Status directive() {
    ++at_;  // the percent sign
    if (at_ < format_.size() && format_[at_] == '%') {
      out_ += '%';
      ++at_;
      return {};
    }
    FieldStyle style;
    std::optional<Value> value;
    if (at_ < format_.size() && format_[at_] == '(') value = TRY(keyed_value());
    TRY(flags(style));
    style.width = TRY(measure());
    if (style.width < -1) {
      style.align = '<';
      style.width = -style.width;
    }
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      style.precision = std::max<std::int64_t>(0, TRY(measure()));
    }
    while (at_ < format_.size() && (format_[at_] == 'l' || format_[at_] == 'h')) ++at_;
    if (at_ >= format_.size()) return value_error("incomplete format");
    style.type = format_[at_++];
    if (!value) value = TRY(next_value());
    return convert(*value, style);
  }

  Status convert(const Value& value, FieldStyle style) {
    switch (style.type) {
      case 's':
      case 'r':
      case 'a': {
        style.fill = " ";
        std::string text = TRY(field_text(budget_, value, style.type != 's', markup_));
        if (style.align == '\0') style.align = '>';
        out_ += TRY(padded(budget_, shortened(std::move(text), style.precision), style, false));
        return {};
      }
      case 'c': {
        std::string text;
        if (value.is_string() && text_length(value) == 1)
          text = value.text();
        else if (value.is_integral() && value.integer() >= 0 && value.integer() <= 0x10FFFF)
          append_utf8(text, static_cast<char32_t>(value.integer()));
        else
          return type_error("%c requires int or char");
        if (style.align == '\0') style.align = '>';
        out_ += TRY(padded(budget_, std::move(text), style, false));
        return {};
      }
      default:
        return convert_number(value, style);
    }
  }

  Status convert_number(const Value& value, FieldStyle style) {
    if (std::string_view("diuxXoeEfFgG").find(style.type) == std::string_view::npos)
      return value_error("unsupported format character '{}'", style.type);
    if (!value.is_number())
      return type_error("%{} format: a real number is required, not {}", style.type,
                        type_name(value));
    const bool whole = std::string_view("diuxXo").find(style.type) != std::string_view::npos;
    Value number = value;
    if (whole && number.is(Kind::kFloat)) {
      constexpr double kLimit = 9.2e18;
      if (!(number.real() > -kLimit && number.real() < kLimit) ||
          std::string_view("diu").find(style.type) == std::string_view::npos)
        return type_error("%{} format: an integer is required, not float", style.type);
      number = Value::integer(static_cast<std::int64_t>(number.real()));
    }
    if (style.type == 'i' || style.type == 'u') style.type = 'd';
    if (style.fill == "0" && style.align != '<') style.align = '=';
    if (style.align == '<') style.fill = " ";
    std::string text = TRY(format_number(budget_, number, style));
    out_ += TRY(padded(budget_, std::move(text), style, true));
    return {};
  }

  Budget& budget_;
  std::string_view format_;
  const bool markup_;
  const Value& values_;
  std::size_t at_ = 0;
  std::size_t taken_ = 0;
  std::string out_;
};

// ---- "{}".format(...) ----

class BraceFormatter {
 public:
  BraceFormatter(Runtime& runtime, const Value& format, const Arguments& arguments)
      : runtime_(runtime),
        budget_(runtime.budget),
        format_(format.text()),
        markup_(format.is_markup()),
        arguments_(arguments) {}

  Result<Value> run() {
    for (std::size_t at = 0; at < format_.size(); ++at) {
      const char c = format_[at];
      if (c != '{' && c != '}') {
        out_ += c;
        continue;
      }
      if (at + 1 < format_.size() && format_[at + 1] == c) {
        out_ += c;
        ++at;
        continue;
      }
      if (c == '}') return value_error("Single '}}' encountered in format string");
      const std::size_t end = format_.find('}', at);
      if (end == std::string_view::npos) return value_error("expected '}}' before end of string");
      if (format_.substr(at + 1, end - at - 1).find('{') != std::string_view::npos)
        return value_error("fields inside of format specifications are not supported");
      TRY(field(format_.substr(at + 1, end - at - 1)));
      at = end;
    }
    return make_string(budget_, std::move(out_), markup_);
  }

 private:
  Status field(std::string_view spelling) {
    const std::size_t colon = spelling.find(':');
    std::string_view name = spelling.substr(0, colon);
    const std::string_view spec =
        colon == std::string_view::npos ? std::string_view() : spelling.substr(colon + 1);
    char conversion = '\0';
    if (name.size() >= 2 && name[name.size() - 2] == '!') {
      conversion = name.back();
      name.remove_suffix(2);
    }
    const Value value = TRY(lookup(name));
    if (spec.empty() || conversion != '\0') {
      std::string text = TRY(field_text(budget_, value, conversion == 'r', markup_));
      TRY(append_aligned(std::move(text), spec));
    } else if (value.is_number() && !value.is(Kind::kBool)) {
      const FieldStyle style = TRY(parse_spec(spec));
      std::string text = TRY(format_number(budget_, value, style));
      out_ += TRY(padded(budget_, std::move(text), style, true));
    } else {
      if (!value.is_string())
        return type_error("unsupported format string passed to {}.__format__", type_name(value));
      std::string text = TRY(field_text(budget_, value, false, markup_));
      TRY(append_aligned(std::move(text), spec));
    }
    return budget_.charge_text(out_.size() > budget_.limits().output_bytes_max ? out_.size() : 1);
  }

  Status append_aligned(std::string text, std::string_view spec) {
    const FieldStyle style = TRY(parse_spec(spec));
    if (style.type != '\0' && style.type != 's')
      return value_error("Unknown format code '{}' for object of type 'str'", style.type);
    out_ += TRY(padded(budget_, shortened(std::move(text), style.precision), style, false));
    return {};
  }

  // [[fill]align][sign][#][0][width][grouping][.precision][type]
  static Result<FieldStyle> parse_spec(std::string_view spec) {
    const auto is_align = [](char c) {
      return std::string_view("<>^=").find(c) != std::string::npos;
    };
    FieldStyle style;
    std::size_t at = 0;
    const std::size_t first = spec.empty() ? 0 : decode_at(spec, 0).bytes;
    if (first > 0 && first < spec.size() && is_align(spec[first])) {
      style.fill = spec.substr(0, first);
      style.align = spec[first];
      at = first + 1;
    } else if (!spec.empty() && is_align(spec[0])) {
      style.align = spec[0];
      at = 1;
    }
    const auto here = [&] { return at < spec.size() ? spec[at] : '\0'; };
    if (here() == '+' || here() == '-' || here() == ' ') style.sign = spec[at++];
    if (here() == '#') {
      style.alternate = true;
      ++at;
    }
    if (here() == '0' && style.align == '\0') {
      style.fill = "0";
      style.align = '=';
      ++at;
    }
    style.width = TRY(number_from(spec, at));
    if (here() == ',' || here() == '_') style.grouping = spec[at++];
    if (here() == '.') {
      ++at;
      style.precision = TRY(number_from(spec, at));
      if (style.precision < 0) return value_error("Format specifier missing precision");
    }
    if (at < spec.size()) style.type = spec[at++];
    if (at != spec.size()) return value_error("Invalid format specifier");
    return style;
  }

  // "0", "name", "name.attribute", "name[key]"; an empty name takes the next position.
  Result<Value> lookup(std::string_view name) {
    const std::size_t end = std::min(name.find_first_of(".["), name.size());
    Value value = TRY(argument(name.substr(0, end)));
    for (std::size_t at = end; at < name.size();) {
      const bool item = name[at] == '[';
      const std::size_t close = item ? name.find(']', at) : name.find_first_of(".[", at + 1);
      if (item && close == std::string_view::npos)
        return value_error("Missing ']' in format string");
      const std::string_view part =
          name.substr(at + 1, close == std::string_view::npos ? close : close - at - 1);
      bool too_large = false;
      const auto index = parse_integer(part, 10, too_large);
      const Value key =
          item && index ? Value::integer(*index) : TRY(make_string(budget_, std::string(part)));
      value = TRY(item ? get_item(runtime_, value, key) : get_attribute(runtime_, value, key));
      at = close == std::string_view::npos ? name.size() : close + (item ? 1 : 0);
    }
    return value;
  }

  Result<Value> argument(std::string_view name) {
    bool too_large = false;
    const auto index =
        name.empty() ? std::optional<std::int64_t>(static_cast<std::int64_t>(next_position_++))
                     : parse_integer(name, 10, too_large);
    if (index && *index >= 0) {
      if (static_cast<std::size_t>(*index) >= arguments_.positional.size())
        return base::fail(base::Code::kInvalidArgument,
                          "IndexError: Replacement index {} out of range for positional args tuple",
                          *index);
      return arguments_.positional[static_cast<std::size_t>(*index)];
    }
    for (const auto& [key, value] : arguments_.named)
      if (key == name) return value;
    return base::fail(base::Code::kInvalidArgument, "KeyError: '{}'", name);
  }

  Runtime& runtime_;
  Budget& budget_;
  std::string_view format_;
  const bool markup_;
  const Arguments& arguments_;
  std::size_t next_position_ = 0;
  std::string out_;
};

}  // namespace

Result<Value> percent_format(Budget& budget, const Value& format, const Value& values) {
  return PercentFormatter(budget, format, values).run();
}

Result<Value> brace_format(Runtime& runtime, const Value& format, const Arguments& arguments) {
  return BraceFormatter(runtime, format, arguments).run();
}

}  // namespace nearside::text::jinja
