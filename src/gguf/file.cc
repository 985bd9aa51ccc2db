#include "gguf/file.h"

#include <bit>
#include <limits>

#include "gguf/metadata.h"
#include "gguf/reader.h"
#include "gguf/tensor_table.h"

namespace nearside::gguf {

using base::Code;
using base::fail;

namespace {

constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF" read as a little-endian number
constexpr std::uint32_t kVersionLeast = 2;
constexpr std::uint32_t kVersionMost = 3;
// Key length, one byte of key, type, one byte of value.
constexpr std::size_t kPairBytesLeast = 8 + 1 + 4 + 1;

base::Result<std::uint32_t> read_version(Reader& reader) {
  const auto magic = TRY(reader.number<std::uint32_t>("magic number"));
  if (magic != kMagic)
    return reader.error(Code::kCorrupt, "not a GGUF file: it does not begin with \"GGUF\"");
  const auto version = TRY(reader.number<std::uint32_t>("version"));
  if ((version & 0xFFFFU) == 0 && version != 0)
    return reader.error(Code::kUnsupported, "a big-endian GGUF file; convert it to little-endian");
  if (version < kVersionLeast || version > kVersionMost)
    return reader.error(Code::kUnsupported, "GGUF version {}; versions {} and {} are read", version,
                        kVersionLeast, kVersionMost);
  return version;
}

/// A power of two, so that rounding up cannot surprise; bounded, so that it cannot overflow.
base::Result<std::size_t> alignment_of(const Metadata* entry, const Reader& reader) {
  if (entry == nullptr) return kDefaultAlignment;
  if (entry->type != ValueType::kUint32)
    return reader.error(Code::kCorrupt, "general.alignment is a {}, not a u32",
                        value_type_name(entry->type));
  const std::uint64_t alignment = std::get<std::uint64_t>(entry->value);
  if (!std::has_single_bit(alignment) || alignment < kAlignmentMin || alignment > kAlignmentMax)
    return reader.error(Code::kCorrupt, "general.alignment is {}, not a power of two from {} to {}",
                        alignment, kAlignmentMin, kAlignmentMax);
  return static_cast<std::size_t>(alignment);
}

std::string_view kind_of(const Value& value) {
  struct Name {
    std::string_view operator()(std::uint64_t) const { return "an unsigned integer"; }
    std::string_view operator()(std::int64_t) const { return "a signed integer"; }
    std::string_view operator()(double) const { return "a float"; }
    std::string_view operator()(bool) const { return "a bool"; }
    std::string_view operator()(std::string_view) const { return "a string"; }
    std::string_view operator()(const Array&) const { return "an array"; }
  };
  return std::visit(Name{}, value);
}

bool is_float(ValueType type) { return type == ValueType::kFloat32 || type == ValueType::kFloat64; }

bool is_integer(ValueType type) {
  return !is_float(type) && type != ValueType::kBool && type != ValueType::kString &&
         type != ValueType::kArray;
}

template <typename T>
base::Result<T> or_default(base::Result<T> result, T otherwise) {
  if (!result && result.error().code == Code::kNotFound) return otherwise;
  return result;
}

}  // namespace

base::Result<File> File::open(const std::string& path, const Limits& limits) {
  return from_mapping(TRY(base::MappedFile::open(path)), path, limits);
}

base::Result<File> File::from_mapping(base::MappedFile mapping, const std::string& name,
                                      const Limits& limits) {
  File file;
  file.bytes_ = mapping.bytes();
  file.mapping_ = std::move(mapping);
  TRY(file.parse(name, limits));
  return file;
}

base::Result<File> File::from_bytes(std::span<const std::byte> bytes, const std::string& name,
                                    const Limits& limits) {
  File file;
  file.bytes_ = bytes;
  TRY(file.parse(name, limits));
  return file;
}

base::Status File::parse(const std::string& name, const Limits& limits) {
  name_ = name;
  Reader reader(bytes_, name_, mapping_ ? &*mapping_ : nullptr);
  version_ = TRY(read_version(reader));
  const auto tensor_count = TRY(reader.number<std::uint64_t>("tensor count"));
  const auto metadata_count = TRY(reader.number<std::uint64_t>("metadata count"));
  TRY(reader.check_count(metadata_count, kPairBytesLeast, limits.metadata_count_max,
                         "metadata values"));
  for (std::uint64_t i = 0; i < metadata_count; ++i) {
    metadata_.push_back(TRY(read_metadata(reader, limits)));
    if (!metadata_index_.emplace(metadata_.back().key, metadata_.size() - 1).second)
      return reader.error(Code::kCorrupt, "metadata key {} appears twice", metadata_.back().key);
  }
  const auto entry = metadata_index_.find("general.alignment");
  const std::size_t alignment = TRY(
      alignment_of(entry == metadata_index_.end() ? nullptr : &metadata_[entry->second], reader));
  tensors_ = TRY(read_tensor_table(reader, tensor_count, alignment, bytes_, limits));
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    if (!tensor_index_.emplace(tensors_[i].name, i).second)
      return reader.error(Code::kCorrupt, "tensor {} appears twice", tensors_[i].name);
  return {};
}

const Value* File::find(std::string_view key) const {
  const auto found = metadata_index_.find(key);
  return found == metadata_index_.end() ? nullptr : &metadata_[found->second].value;
}

const Tensor* File::find_tensor(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

base::Result<const Value*> File::require(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return fail(Code::kNotFound, "{}: no metadata key {}", name_, key);
  return value;
}

base::Error File::wrong_type(std::string_view key, std::string_view wanted) const {
  return fail(Code::kCorrupt, "{}: metadata key {} must be {}, but is {}", name_, key, wanted,
              kind_of(*find(key)));
}

base::Result<const Array*> File::require_array(std::string_view key) const {
  const auto* array = std::get_if<Array>(TRY(require(key)));
  if (array == nullptr) return wrong_type(key, "an array");
  return array;
}

base::Result<std::uint64_t> File::get_uint(std::string_view key) const {
  const Value* value = TRY(require(key));
  if (const auto* number = std::get_if<std::uint64_t>(value)) return *number;
  // Some converters write counts as signed numbers.
  if (const auto* number = std::get_if<std::int64_t>(value); number != nullptr && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  return wrong_type(key, "an unsigned integer");
}

base::Result<double> File::get_float(std::string_view key) const {
  if (const auto* number = std::get_if<double>(TRY(require(key)))) return *number;
  return wrong_type(key, "a float");
}

base::Result<bool> File::get_bool(std::string_view key) const {
  if (const auto* flag = std::get_if<bool>(TRY(require(key)))) return *flag;
  return wrong_type(key, "a bool");
}

base::Result<std::string_view> File::get_string(std::string_view key) const {
  if (const auto* text = std::get_if<std::string_view>(TRY(require(key)))) return *text;
  return wrong_type(key, "a string");
}

base::Result<std::uint64_t> File::get_uint_or(std::string_view key, std::uint64_t otherwise) const {
  return or_default(get_uint(key), otherwise);
}

base::Result<double> File::get_float_or(std::string_view key, double otherwise) const {
  return or_default(get_float(key), otherwise);
}

base::Result<bool> File::get_bool_or(std::string_view key, bool otherwise) const {
  return or_default(get_bool(key), otherwise);
}

base::Result<std::vector<std::string_view>> File::get_strings(std::string_view key) const {
  const Array* array = TRY(require_array(key));
  if (array->element_type() != ValueType::kString)
    return fail(Code::kCorrupt, "{}: {} must be an array of strings, but holds {}", name_, key,
                value_type_name(array->element_type()));
  return array->strings();
}

base::Result<std::vector<float>> File::get_floats(std::string_view key) const {
  const Array* array = TRY(require_array(key));
  if (!is_float(array->element_type()))
    return fail(Code::kCorrupt, "{}: {} must be an array of floats, but holds {}", name_, key,
                value_type_name(array->element_type()));
  return array->numbers<float>();
}

base::Result<std::vector<std::int32_t>> File::get_ints(std::string_view key) const {
  const Array* array = TRY(require_array(key));
  if (!is_integer(array->element_type()))
    return fail(Code::kCorrupt, "{}: {} must be an array of integers, but holds {}", name_, key,
                value_type_name(array->element_type()));
  // Past the 64-bit signed range a u64 turns negative here and is refused as well.
  const std::vector<std::int64_t> wide = array->numbers<std::int64_t>();
  std::vector<std::int32_t> result;
  result.reserve(wide.size());
  const bool is_unsigned = array->element_type() == ValueType::kUint64;
  for (const std::int64_t number : wide) {
    if (number > std::numeric_limits<std::int32_t>::max() ||
        number < (is_unsigned ? 0 : std::numeric_limits<std::int32_t>::min()))
      return fail(Code::kCorrupt, "{}: {} holds {}, which does not fit 32 bits", name_, key,
                  number);
    result.push_back(static_cast<std::int32_t>(number));
  }
  return result;
}

}  // namespace nearside::gguf
