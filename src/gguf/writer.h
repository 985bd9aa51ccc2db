// Writes GGUF version 3 files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/tensor_type.h"

namespace nearside::gguf {

/// A metadata value to write. The C++ type decides the GGUF type.
using WriteValue = std::variant<std::uint32_t, std::int32_t, std::uint64_t, float, bool,
                                std::string, std::vector<std::string>, std::vector<float>,
                                std::vector<std::int32_t>, std::vector<std::uint8_t>>;

/// Collects metadata and tensor declarations, then streams the file in one pass (tensors one at a
/// time: memory stays at one tensor). Tensors are aligned to kDefaultAlignment.
///
///   Writer writer;
///   writer.add("general.architecture", std::string("llama"));
///   writer.add_tensor("token_embd.weight", TensorType::kF16, {columns, rows},
///                     [&](std::span<std::byte> out) { ... });
///   TRY(writer.write(path));
class Writer {
 public:
  /// Fills exactly the tensor's bytes, already in its type's layout. Called once by each write().
  using Fill = std::function<void(std::span<std::byte> out)>;

  /// A key that is already there gets the new value in its old place: copy, then overwrite.
  /// REQUIRES: a key of 1 to 65,535 bytes other than "general.alignment", which is the writer's.
  void add(std::string key, const WriteValue& value);
  /// Copies a value read from another file, keeping its exact type. Ignores "general.alignment".
  void add_copy(const Metadata& from);
  /// Copies every metadata value of `from` whose key starts with `prefix` ("" copies all).
  void copy_metadata(const File& from, std::string_view prefix);
  /// `dims` in GGUF order, fastest first. REQUIRES: 1 to 4 dims, each at least 1; dims[0] is a
  /// multiple of the type's block; a name of 1 to 64 bytes not added before; fewer than 2^63 bytes.
  void add_tensor(std::string name, TensorType type, std::vector<std::uint64_t> dims, Fill fill);

  /// Writes to a temporary name beside `path` and renames: a reader never sees half a file.
  /// Errors: kIo.
  base::Status write(const std::string& path) const;
  /// The whole file in memory (tests, fuzz seeds).
  [[nodiscard]] std::string to_bytes() const;

 private:
  struct Pair {
    std::string key;
    std::string encoded;  // key, type and value, ready to write
  };
  struct PendingTensor {
    std::string name;
    TensorType type;
    std::vector<std::uint64_t> dims;
    std::size_t size_bytes;
    std::size_t offset_bytes;  // from the start of the data section
    Fill fill;
  };

  void put(std::string key, std::string encoded);
  /// Everything before the tensor data, padded.
  [[nodiscard]] std::string header() const;

  std::vector<Pair> metadata_;
  std::vector<PendingTensor> tensors_;
  std::size_t data_bytes_ = 0;  // of the tensors so far, padding included
};

}  // namespace nearside::gguf
