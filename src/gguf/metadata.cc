#include "gguf/metadata.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace nearside::gguf {

using base::Code;

namespace {

struct TypeInfo {
  std::string_view name;
  std::size_t bytes;
};

// By type number, as the enumerators of ValueType.
constexpr std::array<TypeInfo, 13> kTypeInfo = {{{"u8", 1},
                                                 {"i8", 1},
                                                 {"u16", 2},
                                                 {"i16", 2},
                                                 {"u32", 4},
                                                 {"i32", 4},
                                                 {"f32", 4},
                                                 {"bool", 1},
                                                 {"string", 0},
                                                 {"array", 0},
                                                 {"u64", 8},
                                                 {"i64", 8},
                                                 {"f64", 8}}};

base::Result<ValueType> read_type(Reader& reader, std::string_view key) {
  const auto number = TRY(reader.number<std::uint32_t>("value type"));
  if (number >= kTypeInfo.size())
    return reader.error(Code::kCorrupt, "value type {} of {} does not exist", number, key);
  return static_cast<ValueType>(number);
}

template <typename T, typename Wide>
base::Result<Value> read_number(Reader& reader, std::string_view key) {
  return Value(static_cast<Wide>(TRY(reader.number<T>(key))));
}

base::Result<Value> read_bool(Reader& reader, std::string_view key) {
  const auto byte = TRY(reader.number<std::uint8_t>(key));
  if (byte > 1) return reader.error(Code::kCorrupt, "bool {} is {}, not 0 or 1", key, byte);
  return Value(byte == 1);
}

base::Result<Value> read_array(Reader& reader, std::string_view key, const Limits& limits) {
  const ValueType element_type = TRY(read_type(reader, key));
  if (element_type == ValueType::kArray)
    return reader.error(Code::kCorrupt, "{} is an array of arrays", key);
  const auto size = TRY(reader.number<std::uint64_t>("array length"));
  const bool strings = element_type == ValueType::kString;
  const std::size_t element_bytes_least =
      strings ? sizeof(std::uint64_t) : value_bytes(element_type);
  TRY(reader.check_count(size, element_bytes_least, limits.array_elements_max, "array elements"));
  const std::size_t start = reader.offset();
  if (strings)
    for (std::uint64_t i = 0; i < size; ++i) TRY(reader.string(limits.string_bytes_max, key));
  else
    // The product cannot overflow: check_count has seen that it fits the file.
    TRY(reader.take(size * element_bytes_least, key));
  const std::span<const std::byte> data = reader.since(start);
  if (element_type == ValueType::kBool &&
      std::any_of(data.begin(), data.end(), [](std::byte b) { return b > std::byte{1}; }))
    return reader.error(Code::kCorrupt, "{} has a bool that is not 0 or 1", key);
  return Value(Array(element_type, static_cast<std::size_t>(size), data));
}

base::Result<Value> read_value(Reader& reader, std::string_view key, ValueType type,
                               const Limits& limits) {
  switch (type) {
    case ValueType::kUint8:
      return read_number<std::uint8_t, std::uint64_t>(reader, key);
    case ValueType::kUint16:
      return read_number<std::uint16_t, std::uint64_t>(reader, key);
    case ValueType::kUint32:
      return read_number<std::uint32_t, std::uint64_t>(reader, key);
    case ValueType::kUint64:
      return read_number<std::uint64_t, std::uint64_t>(reader, key);
    case ValueType::kInt8:
      return read_number<std::int8_t, std::int64_t>(reader, key);
    case ValueType::kInt16:
      return read_number<std::int16_t, std::int64_t>(reader, key);
    case ValueType::kInt32:
      return read_number<std::int32_t, std::int64_t>(reader, key);
    case ValueType::kInt64:
      return read_number<std::int64_t, std::int64_t>(reader, key);
    case ValueType::kFloat32:
      return read_number<float, double>(reader, key);
    case ValueType::kFloat64:
      return read_number<double, double>(reader, key);
    case ValueType::kBool:
      return read_bool(reader, key);
    case ValueType::kString:
      return Value(TRY(reader.text(limits.string_bytes_max, key)));
    case ValueType::kArray:
      return read_array(reader, key, limits);
  }
  CHECK(false);  // read_type lets no other number through
}

}  // namespace

std::size_t value_bytes(ValueType type) {
  return kTypeInfo.at(static_cast<std::size_t>(type)).bytes;
}

std::string_view value_type_name(ValueType type) {
  return kTypeInfo.at(static_cast<std::size_t>(type)).name;
}

base::Result<Metadata> read_metadata(Reader& reader, const Limits& limits) {
  const std::size_t start = reader.offset();
  const std::string_view key = TRY(reader.text(limits.key_bytes_max, "metadata key"));
  if (key.empty()) return reader.error(Code::kCorrupt, "a metadata key is empty");
  const ValueType type = TRY(read_type(reader, key));
  Value value = TRY(read_value(reader, key, type, limits));
  return Metadata{key, type, value, reader.since(start)};
}

}  // namespace nearside::gguf
