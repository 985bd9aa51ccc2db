// Rows on their way into the ledger's table: a file that rows are appended to before they are in
// the table, and that a node which was killed finds again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace nearside::telemetry {

/// A file of a fixed size in two halves. Rows go to one half until it is full, then to the other,
/// which has to be free by then: release() says that its rows are safe elsewhere.
///
/// What append() wrote survives the death of the process; what came before a sync() also a loss of
/// power. Rows carry numbers that only grow and a hash of their bytes, so that leftovers of an
/// earlier use and rows that were half written are told from good ones.
///
/// Not thread-safe, but for sync(), which may run beside all others.
class RowJournal {
 public:
  /// Creates the file, with its blocks, if it is absent. Errors: kIo (the disk is full among them),
  /// kCorrupt (another program's file, or a part of one), kUnsupported (rows of another version in
  /// it).
  static base::Result<RowJournal> open(const std::string& path, std::size_t half_bytes);

  /// Calls `visit` for each row in the file, in order, and stops at its first error. To be called
  /// before append(); rows that are neither cleared nor released are found again next time.
  base::Status replay(const std::function<base::Status(std::string_view row)>& visit) const;
  /// Forgets every row. Errors: kIo.
  base::Status clear();
  /// Forgets every row and removes the file; no more calls after it. Errors: kIo.
  base::Status remove();

  /// Writes `rows`, each framed by add_row(), as one piece. Errors: kExhausted (both halves are
  /// full), kTooLarge (more than a half), kIo; then none of them is in the file.
  base::Status append(std::string_view framed_rows);
  /// Whether so many bytes could be appended.
  [[nodiscard]] bool has_room(std::size_t bytes) const;

  /// The rows before `row_number` are safe elsewhere: a half that holds no other is free again.
  /// Errors: kIo.
  base::Status release(std::uint64_t row_number);
  /// Whether release(row_number) would free a half: then the other place has to be safe from a loss
  /// of power as well.
  [[nodiscard]] bool would_free(std::uint64_t row_number) const;

  /// Errors: kIo.
  base::Status sync() const;

  /// Frames a row, with the next number, at the end of `out`.
  void add_row(std::string_view row, std::string& out);
  /// The number that the next add_row() gives.
  [[nodiscard]] std::uint64_t next_number() const { return next_number_; }
  struct Row {
    std::uint64_t number = 0;
    std::string_view bytes{};  // empty: there is none
  };
  /// Takes the first row off `framed_rows`, which add_row() has framed.
  static Row take_row(std::string_view& framed_rows);

 private:
  struct Half {
    std::size_t bytes = 0;              // used
    std::uint64_t next_row_number = 0;  // after its last row; 0: it is free
  };

  RowJournal(base::UniqueFd fd, std::string path, std::size_t half_bytes);
  [[nodiscard]] std::size_t offset_of(std::size_t half) const;
  /// Its good rows.
  [[nodiscard]] base::Result<std::string> read_half(std::size_t half) const;
  base::Status write_at(std::size_t offset, std::string_view bytes) const;
  base::Status wipe(std::size_t half);
  [[nodiscard]] base::Error error(std::string_view doing) const;

  base::UniqueFd fd_;
  std::string path_;
  std::size_t half_bytes_;
  std::array<Half, 2> halves_{};
  std::size_t current_ = 0;
  std::uint64_t next_number_;
};

}  // namespace nearside::telemetry
