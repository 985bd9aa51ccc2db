#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/check.h"
#include "gguf/file.h"
#include "gguf/reader.h"

namespace nearside::gguf {

namespace {

/// A float outside the target's range would be undefined behaviour to cast, and the file chooses
/// it.
template <typename To, typename From>
To convert(From from) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(from)) return 0;
    // 2^digits is the first value past the range, exact in any float format.
    const From past = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    if (from >= past) return std::numeric_limits<To>::max();
    if (from < static_cast<From>(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
  }
  return static_cast<To>(from);
}

template <typename From, typename To>
void convert_all(std::span<const std::byte> data, std::vector<To>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From from;  // elements are not aligned in the file
    std::memcpy(&from, data.data() + i * sizeof(From), sizeof(From));
    out[i] = convert<To>(from);
  }
}

}  // namespace

std::vector<std::string_view> Array::strings() const {
  CHECK(element_type_ == ValueType::kString);
  std::vector<std::string_view> result;
  result.reserve(size_);
  std::size_t position = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    std::uint64_t length = 0;
    std::memcpy(&length, data_.data() + position, sizeof(length));
    position += sizeof(length);
    const std::span<const std::byte> bytes =
        data_.subspan(position, static_cast<std::size_t>(length));
    result.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    position += bytes.size();
  }
  return result;
}

template <typename T>
std::vector<T> Array::numbers() const {
  std::vector<T> out(size_);
  switch (element_type_) {
    case ValueType::kUint8:
    case ValueType::kBool:
      convert_all<std::uint8_t>(data_, out);
      break;
    case ValueType::kInt8:
      convert_all<std::int8_t>(data_, out);
      break;
    case ValueType::kUint16:
      convert_all<std::uint16_t>(data_, out);
      break;
    case ValueType::kInt16:
      convert_all<std::int16_t>(data_, out);
      break;
    case ValueType::kUint32:
      convert_all<std::uint32_t>(data_, out);
      break;
    case ValueType::kInt32:
      convert_all<std::int32_t>(data_, out);
      break;
    case ValueType::kUint64:
      convert_all<std::uint64_t>(data_, out);
      break;
    case ValueType::kInt64:
      convert_all<std::int64_t>(data_, out);
      break;
    case ValueType::kFloat32:
      convert_all<float>(data_, out);
      break;
    case ValueType::kFloat64:
      convert_all<double>(data_, out);
      break;
    case ValueType::kString:
    case ValueType::kArray:
      CHECK(false);
  }
  return out;
}

template std::vector<float> Array::numbers() const;
template std::vector<double> Array::numbers() const;
template std::vector<std::int32_t> Array::numbers() const;
template std::vector<std::uint32_t> Array::numbers() const;
template std::vector<std::int64_t> Array::numbers() const;
template std::vector<std::uint64_t> Array::numbers() const;

}  // namespace nearside::gguf
