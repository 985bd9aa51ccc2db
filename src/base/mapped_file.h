// A file's bytes, read-only, through mmap; or bytes that are in no file, in their place.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/pieced_memory.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace nearside::base {

/// The bytes stay valid and at the same address while this object lives, also after it is moved.
/// A file truncated by another process while mapped raises SIGBUS on access: model files are opened
/// in a worker process whose death is survivable.
class MappedFile {
 public:
  /// Errors: kNotFound, kIo (not readable, not a regular file), kCorrupt (empty).
  static Result<MappedFile> open(const std::string& path);
  /// Maps an open descriptor; the descriptor is closed, the mapping lives on. `name` appears in
  /// errors.
  static Result<MappedFile> from_fd(UniqueFd fd, const std::string& name);

  /// Memory that belongs to no file, which is read as a file is but for need(). Errors: those of
  /// PiecedMemory::create.
  static Result<MappedFile> from_pieces(std::unique_ptr<PieceSource> source);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_bytes_}; }
  /// Memory of no file: brings `part` to its place, from when on it may be read there
  /// (PiecedMemory::need). Of a file every part may be read at any time. Errors: the source's.
  [[nodiscard]] Status need(std::span<const std::byte> part, std::size_t threads = 1) const;
  /// A hint: will read `part` soon, so that the system may fetch it ahead.
  void expect_reads(std::span<const std::byte> part) const;
  /// A hint: has no use for `part` at present. Whole pages of it leave this process's memory, and
  /// come back from the file when they are read again. Memory of no file stays as it is.
  void forget(std::span<const std::byte> part) const;
  /// PiecedMemory::settle for memory of no file; nothing for files. Errors: the source's.
  [[nodiscard]] Status settle(std::size_t threads) const;
  /// Whether its bytes are in no file, and what is made of them should be kept private too.
  [[nodiscard]] bool is_private() const { return memory_ != nullptr; }
  // REQUIRES of all that take one: part lies within bytes().

 private:
  friend class PartReader;

  MappedFile(const std::byte* data, std::size_t size_bytes)
      : data_(data), size_bytes_(size_bytes) {}
  const std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
  std::unique_ptr<PiecedMemory> memory_;  // null for files
};

/// Reads parts of a file that are needed once, one after the other: where they lie, or memory of no
/// file through a PieceWindow. For one thread.
class PartReader {
 public:
  /// `file` outlives it; null: the parts are of other memory.
  explicit PartReader(const MappedFile* file);

  /// The bytes of `part`, valid until the next call. Errors: the source's.
  Result<std::span<const std::byte>> read(std::span<const std::byte> part);

 private:
  std::optional<PieceWindow> window_;
};

}  // namespace nearside::base
