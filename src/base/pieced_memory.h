// Memory that belongs to no file and gets its bytes piece by piece from elsewhere.
//
// For bytes that must never be in a file, as those of a sealed model. What is looked at later is
// brought to its place with need(); what something else is made of (packed weights) passes through
// a PieceWindow instead, while it is in the processor's cache, and never takes memory of its own:
// new memory costs more than opening what is sealed.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace nearside::base {

/// Where the bytes come from.
class PieceSource {
 public:
  virtual ~PieceSource() = default;
  [[nodiscard]] virtual std::size_t size_bytes() const = 0;
  /// Of every piece but the last, which may be shorter.
  [[nodiscard]] virtual std::size_t piece_bytes() const = 0;
  /// A hint: this piece is read soon.
  virtual void expect(std::size_t index) const = 0;
  /// Fills `out`, of the piece's size. Thread-safe.
  [[nodiscard]] virtual Status read(std::size_t index, std::span<std::byte> out) const = 0;
};

/// Left out of core dumps. Reading bytes at their place that were not needed first ends the process
/// rather than give zeros (where pages are no larger than the distance to what was needed).
class PiecedMemory {
 public:
  /// Errors: kCorrupt (nothing to hold), kIo (no memory).
  static Result<std::unique_ptr<PiecedMemory>> create(std::unique_ptr<PieceSource> source);
  ~PiecedMemory();
  PiecedMemory(const PiecedMemory&) = delete;
  PiecedMemory& operator=(const PiecedMemory&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_bytes_}; }
  /// Brings `part` to its place, from when on it may be read there; other parts that were needed
  /// stay readable. By one thread at a time. Errors: the source's.
  Status need(std::span<const std::byte> part, std::size_t threads);
  /// A hint: `part` is read soon. Thread-safe.
  void expect(std::span<const std::byte> part) const;
  /// Reads what nobody has read yet, so that the source has been read whole, and lets go of the
  /// source; what is in its place is locked as far as the limit on that allows. Once, when no
  /// window is left. Errors: the source's.
  Status settle(std::size_t threads);

 private:
  friend class PieceWindow;

  PiecedMemory(std::unique_ptr<PieceSource> source, std::byte* data);
  [[nodiscard]] std::size_t piece_size(std::size_t index) const;
  [[nodiscard]] std::size_t offset_of(std::span<const std::byte> part) const;
  /// From a part's first piece to behind its last. REQUIRES: the part is not empty.
  struct Range {
    std::size_t begin;
    std::size_t end;
  };
  [[nodiscard]] Range pieces_of(std::span<const std::byte> part) const;
  Status read(std::size_t index, std::span<std::byte> out);
  Status protect(Range pieces, int protection);

  std::unique_ptr<PieceSource> source_;
  const std::size_t size_bytes_;
  const std::size_t piece_bytes_;
  std::byte* const data_;
  std::vector<bool> there_;               // pieces at their place
  std::vector<std::atomic<bool>> known_;  // pieces that were read, there or by a window
};

/// Reads parts of such memory through a buffer of its own, which is wiped. For one thread.
class PieceWindow {
 public:
  /// `memory` outlives it.
  explicit PieceWindow(PiecedMemory& memory) : memory_(memory) {}
  ~PieceWindow();
  PieceWindow(const PieceWindow&) = delete;
  PieceWindow& operator=(const PieceWindow&) = delete;

  /// The bytes of `part` (a view of the memory's bytes()), valid until the next call. A piece that
  /// the part before has in common is not read again. Errors: the source's.
  Result<std::span<const std::byte>> read(std::span<const std::byte> part);

 private:
  PiecedMemory& memory_;
  std::vector<std::byte> buffer_;
  std::size_t first_ = 0;  // piece at the buffer's begin
  std::size_t held_ = 0;   // pieces in it
};

/// Leaves whole pages around `part` out of core dumps and locks them as far as limits allow: for
/// what is made of such memory.
void keep_private(std::span<const std::byte> part);

}  // namespace nearside::base
