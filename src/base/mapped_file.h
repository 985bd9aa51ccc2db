// A file's bytes, read-only, through mmap.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

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

  /// Memory that belongs to no file, for bytes that must never be in one: `fill` writes it, then it
  /// is read-only. It is left out of core dumps, and locked where the limit on that allows.
  /// Errors: kIo (no memory), and those of `fill`.
  static Result<MappedFile> from_memory(std::size_t size_bytes,
                                        const std::function<Status(std::span<std::byte>)>& fill);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_bytes_}; }
  /// Hints, which change no byte. Will read `part` soon: the system may fetch it ahead.
  void expect_reads(std::span<const std::byte> part) const;
  /// Has no use for `part` at present: whole pages of it leave this process's memory, and come back
  /// from the file when they are read again. Memory that belongs to no file stays as it is.
  /// REQUIRES of both: part lies within bytes().
  void forget(std::span<const std::byte> part) const;

 private:
  MappedFile(const std::byte* data, std::size_t size_bytes, bool of_file)
      : data_(data), size_bytes_(size_bytes), of_file_(of_file) {}
  const std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
  bool of_file_ = false;
};

}  // namespace nearside::base
