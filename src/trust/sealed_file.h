// The sealed container: a file's bytes, encrypted in chunks, every bit authenticated.
//
// docs/formats/sealed.md has the layout and says why it looks like this.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/result.h"
#include "trust/secret_bytes.h"

namespace nearside::trust {

enum class Cipher : std::uint32_t {
  kAes256Gcm = 1,
  kChaCha20Poly1305 = 2,  // faster where the processor has no AES instructions
};

/// What this processor is faster with.
Cipher preferred_cipher();

using FileId = std::array<std::uint8_t, 16>;

inline constexpr std::size_t kDataKeyBytes = 32;
inline constexpr std::size_t kSealedHeaderBytes = 128;
inline constexpr std::size_t kSealTagBytes = 16;
inline constexpr std::uint32_t kSealChunkBytesDefault = 1U << 20;
inline constexpr std::uint32_t kSealChunkBytesMax = 16U << 20;

/// The header as read: its structure is checked, its truth only by SealedFile::open.
struct SealedHeader {
  Cipher cipher = Cipher::kAes256Gcm;
  std::uint32_t chunk_bytes = kSealChunkBytesDefault;
  std::uint64_t plain_bytes = 0;
  FileId file_id{};
  std::array<std::uint8_t, 32> salt{};
  std::array<std::uint8_t, 32> commitment{};

  [[nodiscard]] std::uint64_t chunk_count() const;
  /// Of the whole file.
  [[nodiscard]] std::uint64_t sealed_bytes() const;
};

/// Whether a file starts like a sealed one.
bool looks_sealed(std::span<const std::byte> file);

/// Errors: kCorrupt (no header, a length that does not fit the file), kUnsupported (a cipher or
/// version to come).
base::Result<SealedHeader> read_sealed_header(std::span<const std::byte> file);

/// Opens a sealed file that lies in memory (mapped). The views given outlive the object.
/// Thread-safe: chunks may be opened from several threads.
class SealedFile {
 public:
  /// Errors: those of read_sealed_header; kPermission (another key, or a changed header: which of
  /// the two cannot be told); kInvalidArgument (the key has another length).
  static base::Result<SealedFile> open(std::span<const std::byte> file, const SecretBytes& key);

  [[nodiscard]] const SealedHeader& header() const { return header_; }

  /// Decrypts chunks, from the first given on, until `plain` is full: all of them are
  /// decrypt(0, plain) of header().plain_bytes. After an error `plain` holds nothing of the file.
  /// REQUIRES: plain ends where a chunk does. Errors: kCorrupt (a chunk was changed; which).
  [[nodiscard]] base::Status decrypt(std::uint64_t first_chunk, std::span<std::byte> plain) const;
  /// Where a chunk lies in the file. REQUIRES: index < header().chunk_count().
  [[nodiscard]] std::span<const std::byte> sealed_chunk(std::uint64_t index) const;

 private:
  SealedFile(std::span<const std::byte> file, const SealedHeader& header, SecretBytes chunk_key)
      : file_(file), header_(header), chunk_key_(std::move(chunk_key)) {}
  std::span<const std::byte> file_;
  SealedHeader header_;
  SecretBytes chunk_key_;
};

struct SealOptions {
  Cipher cipher = preferred_cipher();
  std::uint32_t chunk_bytes = kSealChunkBytesDefault;  // 1 KiB to kSealChunkBytesMax
};

/// The sealed bytes of `plain`, piece by piece into `sink` in order. Salt and file id are drawn
/// anew: sealing twice with one key never repeats a nonce. Returns the file id.
/// Errors: kInvalidArgument (nothing to seal, the chunk size, the key's length), and what the sink
/// returns.
base::Result<FileId> seal(std::span<const std::byte> plain, const SecretBytes& key,
                          const SealOptions& options,
                          const std::function<base::Status(std::span<const std::byte>)>& sink);

}  // namespace nearside::trust
