// Reads a GGUF model file (versions 2 and 3, little-endian). The bytes are hostile input: every
// count, size and offset is checked with overflow-safe arithmetic against the bytes left in the
// file before anything is allocated. Source:
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/mapped_file.h"
#include "base/result.h"
#include "gguf/tensor_type.h"

namespace nearside::gguf {

template <typename T>
using Result = base::Result<T>;

/// Element type of a metadata value. Values are those of the file format.
enum class ValueType : std::uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

/// "u32", "string", "array", as `nearside model inspect` prints them. REQUIRES: an enumerator.
std::string_view value_type_name(ValueType type);

/// A homogeneous array, viewed in the mapped file. Arrays of arrays are refused at open.
class Array {
 public:
  [[nodiscard]] ValueType element_type() const { return element_type_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Strings in order. REQUIRES: element_type() == kString. Views into the file. O(n).
  [[nodiscard]] std::vector<std::string_view> strings() const;
  /// Numbers in order, converted as by static_cast (float to integer saturates).
  /// REQUIRES: element_type() is a number or bool; T is one of float, double, std::int32_t,
  /// std::uint32_t, std::int64_t, std::uint64_t. O(n).
  template <typename T>
  [[nodiscard]] std::vector<T> numbers() const;

  /// Made by the parser only, which has checked that `data` holds `size` whole elements.
  Array(ValueType element_type, std::size_t size, std::span<const std::byte> data)
      : element_type_(element_type), size_(size), data_(data) {}

 private:
  ValueType element_type_ = ValueType::kUint8;
  std::size_t size_ = 0;
  std::span<const std::byte> data_;
};

/// Integers are widened; Metadata::type keeps the width the file had.
using Value = std::variant<std::uint64_t, std::int64_t, double, bool, std::string_view, Array>;

/// One key with its value. Keys and single strings are valid UTF-8; strings in arrays may be any
/// bytes, since vocabularies of real models hold pieces of characters.
struct Metadata {
  std::string_view key;
  ValueType type = ValueType::kUint8;
  Value value;
  std::span<const std::byte> encoded;  // key, type and value as they stand in the file
};

/// Where a tensor lies and what shape it has.
struct Tensor {
  std::string_view name;
  TensorType type = TensorType::kF32;
  /// GGUF order: fastest dimension first. A matrix that maps `columns` inputs to `rows` outputs has
  /// {columns, rows, 1, 1}.
  std::array<std::uint64_t, 4> dims = {1, 1, 1, 1};
  std::uint32_t dims_count = 1;
  std::span<const std::byte> data;  // exactly the tensor's bytes, inside the mapping

  [[nodiscard]] std::size_t columns() const { return static_cast<std::size_t>(dims[0]); }
  [[nodiscard]] std::size_t rows() const {
    return static_cast<std::size_t>(dims[1] * dims[2] * dims[3]);
  }
};

/// Bounds on what a file may declare; generous for real models, small enough that a hostile file
/// cannot make us allocate.
struct Limits {
  std::size_t metadata_count_max = 65'536;     // real files have 20 to 60
  std::size_t tensor_count_max = 65'536;       // the largest mixtures of experts have about 2,000
  std::size_t key_bytes_max = 65'535;          // the format's own bound
  std::size_t tensor_name_bytes_max = 64;      // the format's own bound
  std::size_t string_bytes_max = 64U << 20;    // chat templates reach tens of KiB
  std::size_t array_elements_max = 16U << 20;  // vocabularies reach 300,000 tokens
};

/// Tensor data are aligned to `general.alignment`, or to this when it is absent.
inline constexpr std::size_t kDefaultAlignment = 32;
inline constexpr std::size_t kAlignmentMin = 8;  // the format asks for a multiple of 8
inline constexpr std::size_t kAlignmentMax = 64U << 10;

/// An open, checked file. Views handed out are valid while the File (or what it was moved to)
/// lives. Thread-safe for reading.
class File {
 public:
  /// Errors: kNotFound, kIo, kCorrupt (with field and byte offset), kUnsupported (version, tensor
  /// type, endianness), kTooLarge.
  static Result<File> open(const std::string& path, const Limits& limits = {});
  static Result<File> from_mapping(base::MappedFile mapping, const std::string& name,
                                   const Limits& limits = {});
  /// Parses bytes that outlive the File (tests, fuzzing). Tensor data are as aligned in memory as
  /// the first byte is.
  static Result<File> from_bytes(std::span<const std::byte> bytes, const std::string& name,
                                 const Limits& limits = {});

  [[nodiscard]] std::uint32_t version() const { return version_; }
  [[nodiscard]] std::size_t size_bytes() const { return bytes_.size(); }
  /// In file order.
  [[nodiscard]] const std::vector<Metadata>& metadata() const { return metadata_; }
  [[nodiscard]] const std::vector<Tensor>& tensors() const { return tensors_; }

  /// As MappedFile's, for bytes of a tensor; nothing where the file was made from_bytes. What
  /// metadata() and tensors() view is there, but for the tensors' data.
  [[nodiscard]] base::Status need(std::span<const std::byte> part, std::size_t threads = 1) const {
    return mapping_ ? mapping_->need(part, threads) : base::Status();
  }
  [[nodiscard]] base::PartReader part_reader() const {
    return base::PartReader(mapping_ ? &*mapping_ : nullptr);
  }
  void expect_reads(std::span<const std::byte> part) const {
    if (mapping_) mapping_->expect_reads(part);
  }
  void forget(std::span<const std::byte> part) const {
    if (mapping_) mapping_->forget(part);
  }
  [[nodiscard]] base::Status settle(std::size_t threads) const {
    return mapping_ ? mapping_->settle(threads) : base::Status();
  }
  [[nodiscard]] bool is_private() const { return mapping_ && mapping_->is_private(); }

  /// Null when absent.
  [[nodiscard]] const Value* find(std::string_view key) const;
  [[nodiscard]] const Tensor* find_tensor(std::string_view name) const;

  /// Typed reads. Any integer width will do. Errors: kNotFound (absent), kCorrupt (other type, or
  /// negative where an unsigned number is wanted).
  [[nodiscard]] Result<std::uint64_t> get_uint(std::string_view key) const;
  [[nodiscard]] Result<double> get_float(std::string_view key) const;
  [[nodiscard]] Result<bool> get_bool(std::string_view key) const;
  [[nodiscard]] Result<std::string_view> get_string(std::string_view key) const;
  /// `or_` variants: the default when absent, still kCorrupt for a wrong type.
  [[nodiscard]] Result<std::uint64_t> get_uint_or(std::string_view key,
                                                  std::uint64_t otherwise) const;
  [[nodiscard]] Result<double> get_float_or(std::string_view key, double otherwise) const;
  [[nodiscard]] Result<bool> get_bool_or(std::string_view key, bool otherwise) const;
  /// Arrays. Errors: kNotFound, kCorrupt (not an array, of another element kind, or an integer that
  /// does not fit 32 bits).
  [[nodiscard]] Result<std::vector<std::string_view>> get_strings(std::string_view key) const;
  [[nodiscard]] Result<std::vector<float>> get_floats(std::string_view key) const;
  [[nodiscard]] Result<std::vector<std::int32_t>> get_ints(std::string_view key) const;

 private:
  File() = default;
  base::Status parse(const std::string& name, const Limits& limits);
  [[nodiscard]] Result<const Value*> require(std::string_view key) const;
  [[nodiscard]] Result<const Array*> require_array(std::string_view key) const;
  /// REQUIRES: the key is there.
  [[nodiscard]] base::Error wrong_type(std::string_view key, std::string_view wanted) const;

  std::optional<base::MappedFile> mapping_;  // empty when made from_bytes
  std::span<const std::byte> bytes_;
  std::string name_;  // for errors
  std::uint32_t version_ = 0;
  std::vector<Metadata> metadata_;
  std::vector<Tensor> tensors_;
  // Ordered maps, because the keys are hostile and a hash without a secret can be flooded.
  std::map<std::string_view, std::size_t> metadata_index_;
  std::map<std::string_view, std::size_t> tensor_index_;
};

}  // namespace nearside::gguf
