#include "telemetry/row_journal.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/keyed_hash.h"
#include "telemetry/ledger_row.h"

namespace nearside::telemetry {
namespace {

using base::Code;
using base::fail;

// A page, so that the halves begin on one.
constexpr std::size_t kHeaderBytes = 4096;
constexpr std::string_view kMagic = "NSROWS";
constexpr std::size_t kReadBytes = 256U << 10;
// Not against forgers, who could as well write into the table: against rows that are half written.
constexpr base::HashKey kHashKey{0x6E656172, 0x73696465};

struct Header {
  char magic[kMagic.size()];
  std::uint16_t reserved;
  std::uint32_t format;
  std::uint32_t unused;
  std::uint64_t half_bytes;
};

/// Before each row.
struct Frame {
  std::uint32_t row_bytes;
  std::uint32_t hash;
  std::uint64_t number;
};

std::uint32_t hash_of(std::uint64_t number, std::string_view row) {
  const auto hash = base::keyed_hash({kHashKey.low ^ number, kHashKey.high ^ row.size()}, row);
  return static_cast<std::uint32_t>(hash.low);
}

/// The row at the front of `bytes`, which is taken off; empty where there is no good one with a
/// number above `after`, which becomes its number.
std::string_view good_row(std::string_view& bytes, std::uint64_t& after) {
  Frame frame;
  if (bytes.size() < sizeof frame) return {};
  std::memcpy(&frame, bytes.data(), sizeof frame);
  if (frame.row_bytes == 0 || frame.row_bytes > bytes.size() - sizeof frame ||
      frame.number <= after)
    return {};
  const std::string_view row = bytes.substr(sizeof frame, frame.row_bytes);
  if (hash_of(frame.number, row) != frame.hash) return {};
  bytes.remove_prefix(sizeof frame + row.size());
  after = frame.number;
  return row;
}

/// Whether the row at the front of `bytes` says that it is longer than they are.
bool goes_on_behind(std::string_view bytes) {
  Frame frame;
  if (bytes.size() < sizeof frame) return true;
  std::memcpy(&frame, bytes.data(), sizeof frame);
  return frame.row_bytes > bytes.size() - sizeof frame;
}

std::uint64_t nanoseconds_since_epoch() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace

// Numbers begin at the time, so they are above those of an earlier use. Where the clock was set
// back, a leftover of that may be taken for a row: the table has it already, and keeps what it has.
RowJournal::RowJournal(base::UniqueFd fd, std::string path, std::size_t half_bytes)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      half_bytes_(half_bytes),
      next_number_(nanoseconds_since_epoch()) {}

base::Result<RowJournal> RowJournal::open(const std::string& path, std::size_t half_bytes) {
  base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid())
    return fail(Code::kIo, "cannot create {}: {}; check ledger.file", path, std::strerror(errno));
  struct stat file {};
  Header header{};
  if (::fstat(fd.get(), &file) != 0)
    return fail(Code::kIo, "cannot read {}: {}", path, std::strerror(errno));
  const auto file_bytes = static_cast<std::size_t>(file.st_size);
  if (file_bytes > kHeaderBytes &&
      ::pread(fd.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header))
    return fail(Code::kIo, "cannot read {}: {}", path, std::strerror(errno));
  // A node that was killed while it made the file has left one without a header, and without rows.
  constexpr Header kNone{};
  if (std::memcmp(&header, &kNone, sizeof header) != 0) {
    if (std::string_view(header.magic, kMagic.size()) != kMagic ||
        header.half_bytes > (file_bytes - kHeaderBytes) / 2)
      return fail(Code::kCorrupt, "{} is not a ledger's; move it away, or name another ledger.file",
                  path);
    RowJournal journal(std::move(fd), path, header.half_bytes);
    if (header.format != kRowFormat)
      return fail(Code::kUnsupported,
                  "{} was written by another version (format {}): start that one once more, or "
                  "lose the records in it by removing the file",
                  path, header.format);
    return journal;
  }
  RowJournal journal(std::move(fd), path, half_bytes);
  // Its blocks are claimed now: a disk that fills up later cannot lose a row.
  if (const int error = ::posix_fallocate(journal.fd_.get(), 0,
                                          static_cast<off_t>(kHeaderBytes + 2 * half_bytes));
      error != 0)
    return fail(Code::kIo, "cannot make {} {} bytes large: {}", path, kHeaderBytes + 2 * half_bytes,
                std::strerror(error));
  std::memcpy(header.magic, kMagic.data(), kMagic.size());
  header.format = kRowFormat;
  header.half_bytes = half_bytes;
  TRY(journal.write_at(0, {reinterpret_cast<const char*>(&header), sizeof header}));
  TRY(journal.sync());
  return journal;
}

base::Error RowJournal::error(std::string_view doing) const {
  return fail(Code::kIo, "cannot {} {}: {}", doing, path_, std::strerror(errno));
}

std::size_t RowJournal::offset_of(std::size_t half) const {
  return kHeaderBytes + half * half_bytes_;
}

base::Result<std::string> RowJournal::read_half(std::size_t half) const {
  std::string bytes;
  std::size_t rows_end = 0;
  std::uint64_t number = 0;
  while (bytes.size() < half_bytes_) {
    const std::size_t have = bytes.size();
    bytes.resize(std::min(half_bytes_, have + kReadBytes));
    const ssize_t got = ::pread(fd_.get(), bytes.data() + have, bytes.size() - have,
                                static_cast<off_t>(offset_of(half) + have));
    if (got < 0 && errno != EINTR) return error("read");
    bytes.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) break;
    std::string_view rest = std::string_view(bytes).substr(rows_end);
    while (!good_row(rest, number).empty()) {
    }
    rows_end = bytes.size() - rest.size();
    // No good row begins here, and not for want of bytes.
    if (!goes_on_behind(rest)) break;
  }
  bytes.resize(rows_end);
  return bytes;
}

base::Status RowJournal::write_at(std::size_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t wrote =
        ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return error("write to");
    offset += static_cast<std::size_t>(wrote);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

base::Status RowJournal::replay(
    const std::function<base::Status(std::string_view row)>& visit) const {
  const std::array<std::string, 2> halves = {TRY(read_half(0)), TRY(read_half(1))};
  const auto first_number = [&](std::size_t half) {
    std::string_view bytes = halves[half];
    std::uint64_t number = 0;
    good_row(bytes, number);
    return number;
  };
  const std::size_t older = first_number(0) <= first_number(1) ? 0 : 1;
  for (const std::size_t half : {older, 1 - older}) {
    std::string_view rest = halves[half];
    std::uint64_t number = 0;
    for (std::string_view row; !(row = good_row(rest, number)).empty();) TRY(visit(row));
  }
  return {};
}

base::Status RowJournal::wipe(std::size_t half) {
  const Frame none{};
  TRY(write_at(offset_of(half), {reinterpret_cast<const char*>(&none), sizeof none}));
  halves_[half] = {};
  return {};
}

base::Status RowJournal::clear() {
  TRY(wipe(0));
  TRY(wipe(1));
  current_ = 0;
  return sync();
}

base::Status RowJournal::remove() {
  if (::unlink(path_.c_str()) == 0) return {};
  return clear();
}

void RowJournal::add_row(std::string_view row, std::string& out) {
  const Frame frame{static_cast<std::uint32_t>(row.size()), hash_of(next_number_, row),
                    next_number_};
  ++next_number_;
  out.append(reinterpret_cast<const char*>(&frame), sizeof frame).append(row);
}

RowJournal::Row RowJournal::take_row(std::string_view& framed_rows) {
  if (framed_rows.empty()) return {};
  Frame frame;
  std::memcpy(&frame, framed_rows.data(), sizeof frame);
  const std::string_view row = framed_rows.substr(sizeof frame, frame.row_bytes);
  framed_rows.remove_prefix(sizeof frame + row.size());
  return {frame.number, row};
}

bool RowJournal::has_room(std::size_t bytes) const {
  return halves_[current_].bytes + bytes <= half_bytes_ ||
         (halves_[1 - current_].next_row_number == 0 && bytes <= half_bytes_);
}

base::Status RowJournal::append(std::string_view framed_rows) {
  if (framed_rows.empty()) return {};
  if (framed_rows.size() > half_bytes_)
    return fail(Code::kTooLarge, "records of {} bytes do not fit into {}", framed_rows.size(),
                path_);
  if (!has_room(framed_rows.size()))
    return fail(Code::kExhausted, "{} is full of records that cannot be written to the ledger",
                path_);
  if (halves_[current_].bytes + framed_rows.size() > half_bytes_) current_ = 1 - current_;
  Half& half = halves_[current_];
  TRY(write_at(offset_of(current_) + half.bytes, framed_rows));
  half.bytes += framed_rows.size();
  half.next_row_number = next_number_;
  return {};
}

bool RowJournal::would_free(std::uint64_t row_number) const {
  const Half& other = halves_[1 - current_];
  return other.next_row_number != 0 && other.next_row_number <= row_number;
}

base::Status RowJournal::release(std::uint64_t row_number) {
  return would_free(row_number) ? wipe(1 - current_) : base::Status();
}

base::Status RowJournal::sync() const {
  if (::fdatasync(fd_.get()) != 0) return error("sync");
  return {};
}

}  // namespace nearside::telemetry
