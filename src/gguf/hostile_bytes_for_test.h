// A GGUF file written byte by byte, so that it can lie.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/file.h"

namespace nearside::gguf {

inline constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

/// The file.
class Bytes {
 public:
  Bytes& u8(std::uint8_t value) { return append(value); }
  Bytes& u32(std::uint32_t value) { return append(value); }
  Bytes& u64(std::uint64_t value) { return append(value); }
  Bytes& raw(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  Bytes& string(std::string_view text) { return u64(text.size()).raw(text); }
  Bytes& type(ValueType value) { return u32(static_cast<std::uint32_t>(value)); }
  Bytes& header(std::uint64_t tensor_count, std::uint64_t metadata_count) {
    return raw("GGUF").u32(3).u64(tensor_count).u64(metadata_count);
  }
  Bytes& alignment(std::uint32_t value) {
    return string("general.alignment").type(ValueType::kUint32).u32(value);
  }
  /// Dimensions, type and offset of one tensor.
  Bytes& tensor(std::string_view name, const std::vector<std::uint64_t>& dims, TensorType type,
                std::uint64_t offset) {
    string(name).u32(static_cast<std::uint32_t>(dims.size()));
    for (const std::uint64_t dim : dims) u64(dim);
    return u32(static_cast<std::uint32_t>(type)).u64(offset);
  }
  Bytes& data(std::size_t count) {
    bytes_.resize((bytes_.size() + 31) / 32 * 32 + count, '\0');
    return *this;
  }

  [[nodiscard]] base::Result<File> open(const Limits& limits = {}) const {
    return File::from_bytes(std::as_bytes(std::span(bytes_)), "hostile.gguf", limits);
  }
  [[nodiscard]] const std::string& text() const { return bytes_; }

 private:
  template <typename T>
  Bytes& append(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  std::string bytes_;
};

}  // namespace nearside::gguf
