// Reads fixed-width fields from hostile bytes; past the end everything is zero and failed() says
// so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nearside::attest {

enum class Order { kLittle, kBig };

/// A view's cursor. The bytes outlive it.
class Reader {
 public:
  Reader(std::string_view bytes, Order order) : rest_(bytes), order_(order) {}

  /// The next `size` bytes; empty when there are fewer.
  std::string_view bytes(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  /// Of 1 to 8 bytes.
  std::uint64_t number(std::size_t size) {
    const std::string_view taken = bytes(size);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const std::size_t at = order_ == Order::kBig ? i : taken.size() - 1 - i;
      value = value << 8 | static_cast<unsigned char>(taken[at]);
    }
    return value;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  Order order_;
  bool failed_ = false;
};

}  // namespace nearside::attest
