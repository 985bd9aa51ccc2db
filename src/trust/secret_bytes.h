// Bytes that must not leak: keys.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"

namespace nearside::trust {

/// Where a secret is kept, from best to weakest.
enum class SecretPlace {
  kSecretMemory,  // memfd_secret: not even the kernel's own mapping of memory has it
  kLockedMemory,  // never swapped, in no core dump; a process that may trace this one can read it
  kMemory,        // in no core dump, but may be swapped
};

const char* secret_place_name(SecretPlace place);

/// A fixed number of bytes outside the heap, wiped on destruction, on pages of their own that no
/// core dump holds and no child inherits. Moves; is never copied by accident.
class SecretBytes {
 public:
  /// Zeros. Takes the best place that the kernel gives. Errors: kIo (no memory).
  static base::Result<SecretBytes> create(std::size_t size_bytes);
  /// Random. Errors: kIo.
  static base::Result<SecretBytes> random(std::size_t size_bytes);
  /// A copy of `bytes`, which the caller wipes. Errors: kIo.
  static base::Result<SecretBytes> copy_of(std::span<const std::byte> bytes);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes();

  [[nodiscard]] std::span<std::byte> bytes() { return {data_, size_bytes_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_bytes_}; }
  [[nodiscard]] SecretPlace place() const { return place_; }

 private:
  SecretBytes(std::byte* data, std::size_t size_bytes, SecretPlace place)
      : data_(data), size_bytes_(size_bytes), place_(place) {}
  std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
  SecretPlace place_ = SecretPlace::kMemory;
};

/// Overwrites, also where the compiler sees that nobody reads the bytes again.
void wipe(std::span<std::byte> bytes);

/// Makes the process one that leaves no core dump and whose memory others of its user cannot read.
/// Errors: kIo.
base::Status make_process_undumpable();

}  // namespace nearside::trust
