// A cursor over the bytes of a GGUF file that cannot leave them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include "base/mapped_file.h"
#include "base/result.h"

namespace nearside::gguf {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied out of little-endian files as they stand");

/// Reads forward. Every read is checked against the bytes left, so a count from the file never
/// decides how far we look. `field` names what is being read and appears in errors.
class Reader {
 public:
  /// `mapping`: whose bytes they are, to need them before they are read; null for bytes that are
  /// there.
  Reader(std::span<const std::byte> bytes, std::string_view file_name,
         const base::MappedFile* mapping)
      : bytes_(bytes),
        file_name_(file_name),
        mapping_(mapping),
        there_(mapping == nullptr ? bytes.size() : 0) {}

  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - offset_; }
  /// From `offset` up to where the cursor stands. REQUIRES: offset <= offset().
  [[nodiscard]] std::span<const std::byte> since(std::size_t offset) const {
    return bytes_.subspan(offset, offset_ - offset);
  }

  /// Errors: kCorrupt (the file ends first).
  template <typename T>
  base::Result<T> number(std::string_view field) {
    static_assert(std::is_arithmetic_v<T>);
    const std::span<const std::byte> source = TRY(take(sizeof(T), field));
    T value;
    std::memcpy(&value, source.data(), sizeof(T));
    return value;
  }

  /// Errors: kCorrupt (the file ends first), and those of MappedFile::need.
  base::Result<std::span<const std::byte>> take(std::uint64_t count, std::string_view field);

  /// A string: 64-bit length, then bytes. Any bytes.
  /// Errors: kCorrupt (the file ends first), kTooLarge (more than `bytes_max`).
  base::Result<std::string_view> string(std::size_t bytes_max, std::string_view field);

  /// As string(), and well-formed UTF-8. Errors: those of string(), kCorrupt (not UTF-8).
  base::Result<std::string_view> text(std::size_t bytes_max, std::string_view field);

  /// A number of things of which each takes at least `item_bytes_least`: so many must still fit.
  /// Errors: kCorrupt (they cannot), kTooLarge (more than `count_max`).
  base::Status check_count(std::uint64_t count, std::size_t item_bytes_least, std::size_t count_max,
                           std::string_view field) const;

  /// An error that says where: "FILE: at byte N: ...".
  template <typename... Args>
  [[nodiscard]] base::Error error(base::Code code, fmt::format_string<Args...> format,
                                  Args&&... args) const {
    return base::fail(code, "{}: at byte {}: {}", file_name_, offset_,
                      fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view file_name_;
  const base::MappedFile* mapping_;
  std::size_t there_;  // bytes from the first on that may be read
  std::size_t offset_ = 0;
};

}  // namespace nearside::gguf
