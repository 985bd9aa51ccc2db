#include "gguf/tensor_type.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/check.h"

namespace nearside::gguf {

namespace {

// Block sizes: 32 values with one 16-bit scale (and minimum) for the plain formats, 256 values with
// 6-bit sub-block scales for the K ones. Source: ggml-common.h, the block_* structures.
constexpr std::array<TensorTypeInfo, 15> kTypes = {{
    {TensorType::kF32, "F32", 1, 4},
    {TensorType::kF16, "F16", 1, 2},
    {TensorType::kQ4_0, "Q4_0", 32, 18},
    {TensorType::kQ4_1, "Q4_1", 32, 20},
    {TensorType::kQ5_0, "Q5_0", 32, 22},
    {TensorType::kQ5_1, "Q5_1", 32, 24},
    {TensorType::kQ8_0, "Q8_0", 32, 34},
    {TensorType::kQ2_K, "Q2_K", 256, 84},
    {TensorType::kQ3_K, "Q3_K", 256, 110},
    {TensorType::kQ4_K, "Q4_K", 256, 144},
    {TensorType::kQ5_K, "Q5_K", 256, 176},
    {TensorType::kQ6_K, "Q6_K", 256, 210},
    {TensorType::kIQ4_NL, "IQ4_NL", 32, 18},
    {TensorType::kBF16, "BF16", 1, 2},
    {TensorType::kMXFP4, "MXFP4", 32, 17},
}};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::toupper(static_cast<unsigned char>(x)) ==
           std::toupper(static_cast<unsigned char>(y));
  });
}

}  // namespace

std::optional<TensorTypeInfo> tensor_type_info(std::uint32_t type_number) {
  for (const TensorTypeInfo& info : kTypes)
    if (static_cast<std::uint32_t>(info.type) == type_number) return info;
  return std::nullopt;
}

const TensorTypeInfo& tensor_type_info(TensorType type) {
  const auto* const found =
      std::find_if(kTypes.begin(), kTypes.end(),
                   [type](const TensorTypeInfo& info) { return info.type == type; });
  CHECK(found != kTypes.end());
  return *found;
}

std::size_t tensor_bytes(TensorType type, std::size_t elements) {
  const TensorTypeInfo& info = tensor_type_info(type);
  CHECK(elements % info.block_elements == 0);
  std::size_t bytes = 0;
  CHECK(!__builtin_mul_overflow(elements / info.block_elements, info.block_bytes, &bytes));
  return bytes;
}

std::optional<TensorType> tensor_type_by_name(std::string_view name) {
  for (const TensorTypeInfo& info : kTypes)
    if (equal_ignoring_case(info.name, name)) return info.type;
  return std::nullopt;
}

}  // namespace nearside::gguf
