// The fields of a frame's payload, written and read in order.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::worker {

/// Appends fields. Numbers are little-endian (both ends run on one machine).
class PayloadWriter {
 public:
  template <std::unsigned_integral T>
  PayloadWriter& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  /// Everything up to the end of the payload: only as its last field.
  PayloadWriter& rest(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  /// A 32-bit length, then the text. Cut before `bytes_max` at a character's boundary.
  PayloadWriter& text(std::string_view text, std::size_t bytes_max);

  /// Likewise, of bytes that need not be text; cut at `bytes_max`.
  PayloadWriter& bytes(std::string_view bytes, std::size_t bytes_max) {
    bytes = bytes.substr(0, bytes_max);
    return number(static_cast<std::uint32_t>(bytes.size())).rest(bytes);
  }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads fields from bytes that outlive it. All errors are kCorrupt.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view bytes) : bytes_(bytes) {}

  template <std::unsigned_integral T>
  base::Result<T> number() {
    if (bytes_.size() < sizeof(T)) return base::fail(base::Code::kCorrupt, "a frame ends early");
    T value;
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_.remove_prefix(sizeof(T));
    return value;
  }
  base::Result<bool> flag();
  std::string_view rest();
  /// The rest, checked to be valid UTF-8.
  base::Result<std::string> rest_text();
  /// Checked to be valid UTF-8 of at most `bytes_max`.
  base::Result<std::string> text(std::size_t bytes_max);
  /// Likewise, not checked to be text.
  base::Result<std::string> bytes(std::size_t bytes_max);
  /// Nothing may be left.
  base::Status end() const;

 private:
  std::string_view bytes_;
};

}  // namespace nearside::worker
