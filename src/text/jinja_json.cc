#include "text/jinja_json.h"

#include <algorithm>
#include <cmath>

#include "text/jinja_operators.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;
using base::Status;

Result<Value> from_json(Budget& budget, const base::json::array& array) {
  std::vector<Value> items;
  items.reserve(array.size());
  for (const base::json::value& item : array) items.push_back(TRY(from_json(budget, item)));
  return make_list(budget, std::move(items));
}

Result<Value> from_json(Budget& budget, const base::json::object& object) {
  std::vector<std::pair<Value, Value>> entries;
  entries.reserve(object.size());
  for (const auto& [key, value] : object) {
    Value name = TRY(make_string(budget, std::string(key)));
    entries.emplace_back(std::move(name), TRY(from_json(budget, value)));
  }
  return make_dict(budget, std::move(entries));
}

Result<Value> from_json(Budget& budget, const base::json::value& value) {
  switch (value.kind()) {
    case base::json::kind::null:
      return Value::none();
    case base::json::kind::bool_:
      return Value::boolean(value.get_bool());
    case base::json::kind::int64:
      return Value::integer(value.get_int64());
    case base::json::kind::uint64:
      if (value.get_uint64() <= INT64_MAX)
        return Value::integer(static_cast<std::int64_t>(value.get_uint64()));
      return Value::real(static_cast<double>(value.get_uint64()));
    case base::json::kind::double_:
      return Value::real(value.get_double());
    case base::json::kind::string:
      return make_string(budget, std::string(value.get_string()));
    case base::json::kind::array:
      return from_json(budget, value.get_array());
    case base::json::kind::object:
      return from_json(budget, value.get_object());
  }
  return Value::none();
}

namespace {

class JsonWriter {
 public:
  JsonWriter(Budget& budget, const JsonStyle& style) : budget_(budget), style_(style) {}

  Status write(const Value& value) {
    if (!budget_.take_steps()) return budget_.too_many_steps();
    switch (value.kind()) {
      case Kind::kNone:
        out_ += "null";
        break;
      case Kind::kBool:
        out_ += value.boolean() ? "true" : "false";
        break;
      case Kind::kInt:
        out_ += std::to_string(value.integer());
        break;
      case Kind::kFloat:
        write_real(value.real());
        break;
      case Kind::kString:
        TRY(budget_.charge_text(value.text().size()));
        write_text(value.text());
        break;
      case Kind::kList:
      case Kind::kTuple:
        TRY(write_items(value.items()));
        break;
      case Kind::kDict:
        TRY(write_members(value.dict()));
        break;
      default:
        return type_error("Object of type {} is not JSON serializable", type_name(value));
    }
    if (out_.size() > budget_.limits().output_bytes_max) return budget_.charge_text(out_.size());
    return {};
  }

  std::string take() { return std::move(out_); }

 private:
  void write_real(double value) {
    if (std::isnan(value))
      out_ += "NaN";
    else if (std::isinf(value))
      out_ += value < 0 ? "-Infinity" : "Infinity";
    else
      out_ += real_repr(value);
  }

  void write_unit(unsigned unit) { out_ += fmt::format("\\u{:04x}", unit); }

  void write_escaped(const CodePoint& point, std::string_view bytes) {
    switch (point.value) {
      case U'"':
        out_ += "\\\"";
        return;
      case U'\\':
        out_ += "\\\\";
        return;
      case U'\n':
        out_ += "\\n";
        return;
      case U'\r':
        out_ += "\\r";
        return;
      case U'\t':
        out_ += "\\t";
        return;
      case U'\b':
        out_ += "\\b";
        return;
      case U'\f':
        out_ += "\\f";
        return;
      default:
        break;
    }
    const auto unit = static_cast<unsigned>(point.value);
    if (unit < 0x20 || (style_.ascii && unit >= 0x7F && unit < 0x10000)) {
      write_unit(unit);
    } else if (style_.ascii && unit >= 0x10000) {
      write_unit(0xD800 + ((unit - 0x10000) >> 10U));
      write_unit(0xDC00 + ((unit - 0x10000) & 0x3FFU));
    } else {
      out_ += bytes;
    }
  }

  void write_text(std::string_view text) {
    out_ += '"';
    for (std::size_t at = 0; at < text.size();) {
      const auto byte = static_cast<unsigned char>(text[at]);
      if (byte >= 0x20 && byte != '"' && byte != '\\' && (byte < 0x7F || !style_.ascii)) {
        out_ += text[at++];
        continue;
      }
      const CodePoint point = decode_at(text, at);
      write_escaped(point, text.substr(at, point.bytes));
      at += point.bytes;
    }
    out_ += '"';
  }

  void break_line() {
    if (!style_.indent) return;
    out_ += '\n';
    for (std::size_t i = 0; i < level_; ++i) out_ += *style_.indent;
  }

  Status write_items(const std::vector<Value>& items) {
    out_ += '[';
    if (!items.empty()) {
      ++level_;
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) out_ += style_.item_separator;
        break_line();
        TRY(write(items[i]));
      }
      --level_;
      break_line();
    }
    out_ += ']';
    return {};
  }

  Status write_key(const Value& key) {
    if (key.is_string()) {
      TRY(budget_.charge_text(key.text().size()));
      write_text(key.text());
      return {};
    }
    if (!key.is_none() && !key.is_number())
      return type_error("keys must be str, int, float, bool or None, not {}", type_name(key));
    out_ += '"';
    TRY(write(key));
    out_ += '"';
    return {};
  }

  Status write_members(const DictObject& dict) {
    std::vector<const std::pair<Value, Value>*> members;
    members.reserve(dict.entries.size());
    for (const auto& entry : dict.entries) members.push_back(&entry);
    if (style_.sort_keys) TRY(sort(members));
    out_ += '{';
    if (!members.empty()) {
      ++level_;
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (i > 0) out_ += style_.item_separator;
        break_line();
        TRY(write_key(members[i]->first));
        out_ += style_.key_separator;
        TRY(write(members[i]->second));
      }
      --level_;
      break_line();
    }
    out_ += '}';
    return {};
  }

  Status sort(std::vector<const std::pair<Value, Value>*>& members) {
    for (const auto* member : members)
      if (!member->first.is_string()) return type_error("keys of mixed types cannot be sorted");
    TRY(budget_.charge_items(members.size()));
    std::stable_sort(members.begin(), members.end(), [](const auto* left, const auto* right) {
      return left->first.text() < right->first.text();
    });
    return {};
  }

  Budget& budget_;
  const JsonStyle& style_;
  std::string out_;
  std::size_t level_ = 0;
};

}  // namespace

Result<std::string> to_json(Budget& budget, const Value& value, const JsonStyle& style) {
  JsonWriter writer(budget, style);
  TRY(writer.write(value));
  return writer.take();
}

}  // namespace nearside::text::jinja
