// Writes GGUF version 3 files.
#pragma once

#include <array>
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
/// time: memory stays small).
///
/// Writer writer;
/// writer.add("general.architecture", std::string("llama"));
/// writer.add_tensor("token_embd.weight", TensorType::kF16, {columns, rows},
/// [&](std::span<std::byte> out) {...}); TRY(writer.write(path));
class Writer {
 public:
  /// Fills exactly the tensor's bytes, already in its type's layout. Called once, during write().
  using Fill = std::function<void(std::span<std::byte> out)>;

  void add(std::string key, WriteValue value);
  /// Copies a value read from another file, keeping its exact type.
  void add_copy(std::string_view key, const Value& value, ValueType type);
  /// Copies every metadata value of `from` whose key starts with `prefix`.
  void copy_metadata(const File& from, std::string_view prefix);
  /// `dims` in GGUF order, fastest first. REQUIRES: dims[0] is a multiple of the type's block.
  void add_tensor(std::string name, TensorType type, std::vector<std::uint64_t> dims, Fill fill);

  /// Writes to a temporary name beside `path` and renames: a reader never sees half a file. Errors:
  /// kIo.
  base::Status write(const std::string& path);
  /// The whole file in memory (tests, fuzz seeds).
  std::string to_bytes();

 private:
  struct Metadata;
  struct PendingTensor;
  std::vector<std::pair<std::string, WriteValue>> metadata_;
  std::vector<std::string> copied_;  // encoded key-value pairs, ready to write
  std::vector<std::pair<std::string, Fill>> fills_;
};

}  // namespace nearside::gguf
