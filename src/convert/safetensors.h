// Reads safetensors files: hostile input, like every model file.
//
// Layout (source: github.com/huggingface/safetensors, README, "Format"): 8 bytes, the header's
// length, little-endian; the header, a JSON object {name: {"dtype", "shape", "data_offsets":
// [begin, end]}} with an optional "__metadata__"; then the data, which the offsets count from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "base/result.h"

namespace nearside::convert {

inline constexpr std::size_t kSafetensorsHeaderBytesMax = 64U << 20;  // real ones: below 1 MB
inline constexpr std::size_t kSafetensorsCountMax = 65'536;
inline constexpr std::size_t kSafetensorsDimsMax = 8;

enum class FloatType { kF32, kF16, kBF16 };

struct SafeTensor {
  std::string name;
  FloatType type = FloatType::kF32;
  std::vector<std::uint64_t> shape;  // slowest first; each at least 1
  std::span<const std::byte> data;   // exactly the tensor's bytes, little-endian

  [[nodiscard]] std::uint64_t elements() const {
    std::uint64_t count = 1;
    for (const std::uint64_t extent : shape) count *= extent;
    return count;
  }
};

/// An open, checked file; views are valid while it lives. Thread-safe for reading.
class Safetensors {
 public:
  /// Errors: kNotFound, kIo, kCorrupt (says what and of which tensor), kUnsupported (a type that is
  /// not F32, F16 or BF16), kTooLarge (past the bounds above).
  static base::Result<Safetensors> open(const std::string& path);
  /// Bytes that outlive the object.
  static base::Result<Safetensors> from_bytes(std::span<const std::byte> bytes,
                                              const std::string& name);

  [[nodiscard]] const std::vector<SafeTensor>& tensors() const { return tensors_; }
  /// Null when absent.
  [[nodiscard]] const SafeTensor* find(std::string_view name) const;

 private:
  std::optional<base::MappedFile> mapping_;
  std::vector<SafeTensor> tensors_;  // by name
};

/// Values [first, first + out.size()) of a tensor as floats. REQUIRES: they lie in it.
void read_floats(const SafeTensor& tensor, std::uint64_t first, std::span<float> out);

}  // namespace nearside::convert
