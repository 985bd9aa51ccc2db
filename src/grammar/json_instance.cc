#include "grammar/json_instance.h"

#include <fmt/format.h>

#include "grammar/json_text.h"

namespace nearside::grammar {

namespace {

class Writer {
 public:
  explicit Writer(JsonSpacing spacing) : spacing_(spacing) {}

  void write(const base::json::value& value, std::size_t depth) {
    if (const base::json::object* object = value.if_object()) {
      out_ += '{';
      bool first = true;
      for (const auto& member : *object) {
        separate(first, depth + 1);
        out_ += json_quoted(member.key());
        out_ += spacing_ == JsonSpacing::kCompact ? ":" : ": ";
        write(member.value(), depth + 1);
      }
      if (!first) line(depth);
      out_ += '}';
    } else if (const base::json::array* array = value.if_array()) {
      out_ += '[';
      bool first = true;
      for (const base::json::value& item : *array) {
        separate(first, depth + 1);
        write(item, depth + 1);
      }
      if (!first) line(depth);
      out_ += ']';
    } else if (const base::json::string* text = value.if_string()) {
      out_ += json_quoted(std::string_view(*text));
    } else if (const double* number = value.if_double()) {
      out_ += fmt::format("{}", *number);
    } else {
      out_ += base::json::serialize(value);
    }
  }

  std::string out_;

 private:
  void separate(bool& first, std::size_t depth) {
    if (!first) out_ += spacing_ == JsonSpacing::kBlanks ? ", " : ",";
    first = false;
    line(depth);
  }
  void line(std::size_t depth) {
    if (spacing_ == JsonSpacing::kLines) out_ += "\n" + std::string(2 * depth, ' ');
  }
  JsonSpacing spacing_;
};

}  // namespace

std::string json_instance(const base::json::value& value, JsonSpacing spacing) {
  Writer writer(spacing);
  writer.write(value, 0);
  return std::move(writer.out_);
}

}  // namespace nearside::grammar
