// JSON written straight to text, for what is written far more often than it is read.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nearside::base {

/// Members and elements come out in the order of the calls. Whoever calls keeps objects and arrays
/// balanced and names members only in objects. Text must be UTF-8.
///
///   JsonWriter out;
///   out.begin_object().member("name", "x").key("sizes").begin_array().value(1).end_array();
///   return std::move(out.end_object()).text();
class JsonWriter {
 public:
  JsonWriter() = default;

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag);
  /// The shortest digits that read back as the same number; null where there are none.
  JsonWriter& value(double number);
  template <std::integral T>
  JsonWriter& value(T number) {
    if constexpr (std::signed_integral<T>)
      return signed_value(number);
    else
      return unsigned_value(number);
  }
  template <typename T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  template <typename T>
  JsonWriter& value(const std::vector<T>& list) {
    begin_array();
    for (const T& item : list) value(item);
    return end_array();
  }
  JsonWriter& null();

  template <typename T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& signed_value(std::int64_t number);
  JsonWriter& unsigned_value(std::uint64_t number);
  void separate();
  void quote(std::string_view text);

  std::string text_;
  bool first_ = true;  // the next item has none before it
};

}  // namespace nearside::base
