#include "text/jinja_print.h"

#include <charconv>
#include <cmath>

#include "text/jinja_collections.h"
#include "text/jinja_function.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;
using base::Status;

std::string real_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto scientific =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view shortest(buffer, static_cast<std::size_t>(scientific.ptr - buffer));
  const std::size_t e = shortest.find('e');
  int exponent = 0;
  const std::string_view digits = shortest.substr(e + 2);
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (shortest[e + 1] == '-') exponent = -exponent;
  // Python writes exponents from -4 to 15 out.
  if (exponent < -4 || exponent >= 16) return std::string(shortest);
  char fixed_buffer[64];
  const auto fixed = std::to_chars(fixed_buffer, fixed_buffer + sizeof fixed_buffer, value,
                                   std::chars_format::fixed);
  std::string text(fixed_buffer, fixed.ptr);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

namespace {

void append_quoted(std::string& out, std::string_view text) {
  const bool single = text.find('\'') != std::string_view::npos;
  const char quote = single && text.find('"') == std::string_view::npos ? '"' : '\'';
  out += quote;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    const std::string_view bytes = text.substr(at, point.bytes);
    at += point.bytes;
    if (point.value == U'\n')
      out += "\\n";
    else if (point.value == U'\r')
      out += "\\r";
    else if (point.value == U'\t')
      out += "\\t";
    else if (point.value == U'\\' || point.value == static_cast<char32_t>(quote))
      (out += '\\') += bytes;
    else if (point.valid && is_printable(point.value))
      out += bytes;
    else if (point.value <= 0xFF)
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(point.value));
    else if (point.value <= 0xFFFF)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(point.value));
    else
      out += fmt::format("\\U{:08x}", static_cast<unsigned>(point.value));
  }
  out += quote;
}

Status append_repr_at(Budget& budget, std::string& out, const Value& value, std::size_t depth);

Status append_items(Budget& budget, std::string& out, const std::vector<Value>& items,
                    std::size_t depth) {
  bool first = true;
  for (const Value& item : items) {
    if (!first) out += ", ";
    first = false;
    TRY(append_repr_at(budget, out, item, depth));
  }
  return {};
}

Status append_dict(Budget& budget, std::string& out, const DictObject& dict, std::size_t depth) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : dict.entries) {
    if (!first) out += ", ";
    first = false;
    TRY(append_repr_at(budget, out, key, depth));
    out += ": ";
    TRY(append_repr_at(budget, out, value, depth));
  }
  out += '}';
  return {};
}

Status append_namespace(Budget& budget, std::string& out, const NamespaceObject& space,
                        std::size_t depth) {
  out += "<Namespace {";
  bool first = true;
  for (const auto& [name, value] : space.members) {
    if (!first) out += ", ";
    first = false;
    append_quoted(out, name);
    out += ": ";
    TRY(append_repr_at(budget, out, value, depth));
  }
  out += "}>";
  return {};
}

Status append_view(Budget& budget, std::string& out, const Value& value, std::size_t depth) {
  const Value items = TRY(to_sequence(budget, value));
  out += type_name(value);
  out += "([";
  TRY(append_items(budget, out, items.items(), depth));
  out += "])";
  return {};
}

void append_range(std::string& out, const RangeObject& range) {
  out += range.step == 1 ? fmt::format("range({}, {})", range.start, range.stop)
                         : fmt::format("range({}, {}, {})", range.start, range.stop, range.step);
}

// `depth` is how deep we are, counting this value: only namespaces can nest without end.
Status append_repr_at(Budget& budget, std::string& out, const Value& value, std::size_t depth) {
  if (!budget.take_steps()) return budget.too_many_steps();
  TRY(budget.check_depth(depth++));
  switch (value.kind()) {
    case Kind::kUndefined:
      out += "Undefined";
      break;
    case Kind::kNone:
      out += "None";
      break;
    case Kind::kBool:
      out += value.boolean() ? "True" : "False";
      break;
    case Kind::kInt:
      out += std::to_string(value.integer());
      break;
    case Kind::kFloat:
      out += real_repr(value.real());
      break;
    case Kind::kString:
      TRY(budget.charge_code_points(value.text().size()));
      if (value.is_markup()) out += "Markup(";
      append_quoted(out, value.text());
      if (value.is_markup()) out += ')';
      break;
    case Kind::kList:
      out += '[';
      TRY(append_items(budget, out, value.items(), depth));
      out += ']';
      break;
    case Kind::kTuple:
      out += '(';
      TRY(append_items(budget, out, value.items(), depth));
      out += value.items().size() == 1 ? ",)" : ")";
      break;
    case Kind::kDict:
      TRY(append_dict(budget, out, value.dict(), depth));
      break;
    case Kind::kRange:
      append_range(out, value.as<RangeObject>());
      break;
    case Kind::kView:
      TRY(append_view(budget, out, value, depth));
      break;
    case Kind::kNamespace:
      TRY(append_namespace(budget, out, value.as<NamespaceObject>(), depth));
      break;
    case Kind::kFunction:
      out += fmt::format("<function {}>", value.as<FunctionObject>().entry->name);
      break;
    default:
      out += fmt::format("<{} object>", type_name(value));
      break;
  }
  return budget.charge_text(out.size() > budget.limits().output_bytes_max ? out.size() : 0);
}

}  // namespace

Status append_repr(Budget& budget, std::string& out, const Value& value) {
  return append_repr_at(budget, out, value, 1);
}

Status append_str(Budget& budget, std::string& out, const Value& value) {
  if (value.is_undefined()) return {};
  if (!value.is_string()) return append_repr(budget, out, value);
  TRY(budget.charge_text(value.text().size()));
  out += value.text();
  return budget.charge_text(out.size() > budget.limits().output_bytes_max ? out.size() : 0);
}

Result<std::string> to_str(Budget& budget, const Value& value) {
  std::string text;
  TRY(append_str(budget, text, value));
  return text;
}

Result<Value> to_text(Budget& budget, const Value& value) {
  if (value.is_string()) return value;
  std::string text = TRY(to_str(budget, value));
  return make_string(budget, std::move(text));
}

}  // namespace nearside::text::jinja
