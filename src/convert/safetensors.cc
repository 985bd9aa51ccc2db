#include "convert/safetensors.h"

#include <algorithm>
#include <cstring>

#include "base/json.h"
#include "kernels/half.h"

namespace nearside::convert {

namespace json = base::json;
using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kHeaderDepthMax = 8;
constexpr std::size_t kLengthBytes = 8;

std::uint64_t type_bytes(FloatType type) { return type == FloatType::kF32 ? 4 : 2; }

/// A whole number of the header.
std::optional<std::uint64_t> whole(const json::value& value) {
  if (const std::int64_t* number = value.if_int64())
    return *number < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(*number));
  if (const std::uint64_t* number = value.if_uint64()) return *number;
  return std::nullopt;
}

Result<SafeTensor> read_tensor(std::string_view name, const json::value& value,
                               std::span<const std::byte> data) {
  const auto corrupt = [&](std::string_view what) {
    return fail(Code::kCorrupt, "tensor {} {}", name, what);
  };
  const json::object* const fields = value.if_object();
  const json::value* const type = fields ? fields->if_contains("dtype") : nullptr;
  const json::value* const shape = fields ? fields->if_contains("shape") : nullptr;
  const json::value* const offsets = fields ? fields->if_contains("data_offsets") : nullptr;
  if (type == nullptr || !type->is_string() || shape == nullptr || !shape->is_array() ||
      offsets == nullptr || !offsets->is_array() || offsets->get_array().size() != 2)
    return corrupt("lacks its dtype, shape or data_offsets");

  SafeTensor tensor;
  tensor.name = std::string(name);
  const std::string_view type_name = type->get_string();
  if (type_name == "F32")
    tensor.type = FloatType::kF32;
  else if (type_name == "F16")
    tensor.type = FloatType::kF16;
  else if (type_name == "BF16")
    tensor.type = FloatType::kBF16;
  else
    return fail(Code::kUnsupported, "tensor {} is of type {}; known are F32, F16 and BF16", name,
                type_name);
  if (shape->get_array().size() > kSafetensorsDimsMax) return corrupt("has too many dimensions");
  std::uint64_t bytes = type_bytes(tensor.type);
  for (const json::value& extent : shape->get_array()) {
    const std::optional<std::uint64_t> number = whole(extent);
    if (!number || *number == 0) return corrupt("has a shape that is not of positive numbers");
    if (__builtin_mul_overflow(bytes, *number, &bytes)) return corrupt("has a size that overflows");
    tensor.shape.push_back(*number);
  }
  const std::optional<std::uint64_t> begin = whole(offsets->get_array()[0]);
  const std::optional<std::uint64_t> end = whole(offsets->get_array()[1]);
  if (!begin || !end || *begin > *end || *end > data.size())
    return corrupt("lies outside the file");
  if (*end - *begin != bytes) return corrupt("has other bytes than its shape and type ask for");
  tensor.data = data.subspan(static_cast<std::size_t>(*begin), static_cast<std::size_t>(bytes));
  return tensor;
}

Result<std::vector<SafeTensor>> read_tensors(std::span<const std::byte> bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < kLengthBytes) return fail(Code::kCorrupt, "it ends before its header");
  std::memcpy(&length, bytes.data(), kLengthBytes);  // both are little-endian
  if (length > kSafetensorsHeaderBytesMax)
    return fail(Code::kTooLarge, "its header says {} bytes, more than {}", length,
                kSafetensorsHeaderBytesMax);
  if (length > bytes.size() - kLengthBytes) return fail(Code::kCorrupt, "it ends in its header");
  const auto size = static_cast<std::size_t>(length);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, size);
  base::Result<json::value> header = base::parse_json(text, kHeaderDepthMax);
  if (!header) return fail(Code::kCorrupt, "its header is not JSON: {}", header.error().message);
  const json::object* const object = header->if_object();
  if (object == nullptr) return fail(Code::kCorrupt, "its header is not a JSON object");
  if (object->size() > kSafetensorsCountMax)
    return fail(Code::kTooLarge, "it has more than {} tensors", kSafetensorsCountMax);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + size);
  std::vector<SafeTensor> tensors;
  for (const auto& member : *object)
    if (member.key() != "__metadata__")
      tensors.push_back(TRY(read_tensor(member.key(), member.value(), data)));
  // Bytes belong to one tensor.
  std::ranges::sort(tensors, {}, [](const SafeTensor& tensor) { return tensor.data.data(); });
  for (std::size_t i = 1; i < tensors.size(); ++i)
    if (tensors[i - 1].data.data() + tensors[i - 1].data.size() > tensors[i].data.data())
      return fail(Code::kCorrupt, "tensors {} and {} share bytes", tensors[i - 1].name,
                  tensors[i].name);
  std::ranges::sort(tensors, {}, &SafeTensor::name);
  return tensors;
}

}  // namespace

Result<Safetensors> Safetensors::from_bytes(std::span<const std::byte> bytes,
                                            const std::string& name) {
  Result<std::vector<SafeTensor>> tensors = read_tensors(bytes);
  if (!tensors) return std::move(tensors).error().with_context(name);
  Safetensors file;
  file.tensors_ = std::move(tensors).value();
  return file;
}

Result<Safetensors> Safetensors::open(const std::string& path) {
  base::MappedFile mapping = TRY(base::MappedFile::open(path));
  Safetensors file = TRY(from_bytes(mapping.bytes(), path));
  file.mapping_ = std::move(mapping);
  return file;
}

const SafeTensor* Safetensors::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(tensors_, name, {}, &SafeTensor::name);
  return at == tensors_.end() || at->name != name ? nullptr : &*at;
}

void read_floats(const SafeTensor& tensor, std::uint64_t first, std::span<float> out) {
  const std::byte* const from = tensor.data.data() + first * type_bytes(tensor.type);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (tensor.type == FloatType::kF32) {
      std::memcpy(&out[i], from + i * 4, 4);
      continue;
    }
    std::uint16_t half = 0;
    std::memcpy(&half, from + i * 2, 2);
    out[i] =
        tensor.type == FloatType::kBF16 ? kernels::bf16_to_f32(half) : kernels::f16_to_f32(half);
  }
}

}  // namespace nearside::convert
