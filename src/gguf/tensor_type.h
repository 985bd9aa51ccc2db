// The number formats a GGUF tensor may have, and their block arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nearside::gguf {

/// Values are those of the file format. Source: GGUF specification, enum ggml_type.
enum class TensorType : std::uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ4_NL = 20,
  kBF16 = 30,
  kMXFP4 = 39,
};

/// Elements are stored in blocks of `block_elements` values taking `block_bytes` bytes.
struct TensorTypeInfo {
  TensorType type;
  std::string_view name;  // "Q4_K"
  std::size_t block_elements;
  std::size_t block_bytes;
};

/// Empty for a type number we do not read.
std::optional<TensorTypeInfo> tensor_type_info(std::uint32_t type_number);
/// REQUIRES: an enumerator.
const TensorTypeInfo& tensor_type_info(TensorType type);
/// Bytes of `elements` values. REQUIRES: whole blocks; the product fits 64 bits.
std::size_t tensor_bytes(TensorType type, std::size_t elements);
/// By name, case-insensitive: "q4_k", "BF16".
std::optional<TensorType> tensor_type_by_name(std::string_view name);

}  // namespace nearside::gguf
