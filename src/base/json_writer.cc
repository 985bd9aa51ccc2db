#include "base/json_writer.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace nearside::base {

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  quote(name);
  text_.push_back(':');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
  separate();
  text_.append(flag ? "true" : "false");
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return *this;
}

JsonWriter& JsonWriter::null() {
  separate();
  text_.append("null");
  return *this;
}

JsonWriter& JsonWriter::signed_value(std::int64_t number) {
  separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return *this;
}

JsonWriter& JsonWriter::unsigned_value(std::uint64_t number) {
  separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  text_.push_back(bracket);
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  text_.push_back(bracket);
  first_ = false;
  return *this;
}

void JsonWriter::separate() {
  if (!first_) text_.push_back(',');
  first_ = false;
}

void JsonWriter::quote(std::string_view text) {
  text_.push_back('"');
  std::size_t plain = 0;  // from here on nothing had to be escaped
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    text_.append(text.substr(plain, i - plain));
    plain = i + 1;
    if (byte == '"' || byte == '\\')
      text_.append({'\\', static_cast<char>(byte)});
    else
      fmt::format_to(std::back_inserter(text_), "\\u{:04x}", byte);
  }
  text_.append(text.substr(plain));
  text_.push_back('"');
}

}  // namespace nearside::base
