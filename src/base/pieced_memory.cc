#include "base/pieced_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

namespace nearside::base {

namespace {

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}
std::size_t page_down(std::size_t at) { return at / page_bytes() * page_bytes(); }
std::size_t page_up(std::size_t at) { return page_down(at + page_bytes() - 1); }

/// Calls do_one(index) for each index from begin on, below end, on `threads` threads; the first
/// error, after which no further index is begun.
template <typename DoOne>
Status for_each_piece(std::size_t begin, std::size_t end, std::size_t threads,
                      const DoOne& do_one) {
  const std::size_t workers = std::clamp<std::size_t>(threads, 1, end - begin);
  std::atomic<std::size_t> next{begin};
  std::vector<Status> outcomes(workers);
  const auto work = [&](std::size_t worker) {
    for (std::size_t i = next.fetch_add(1); i < end && outcomes[worker]; i = next.fetch_add(1))
      outcomes[worker] = do_one(i);
    if (!outcomes[worker]) next = end;
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < workers; ++i) others.emplace_back(work, i);
    work(0);
  }
  for (Status& outcome : outcomes) TRY(std::move(outcome));
  return {};
}

/// The whole pages around `part`.
struct Pages {
  explicit Pages(std::span<const std::byte> part) {
    const auto address = reinterpret_cast<std::uintptr_t>(part.data());
    begin = reinterpret_cast<void*>(page_down(address));
    length = page_up(address + part.size()) - page_down(address);
  }
  void* begin;
  std::size_t length;
};

/// Wipes what keep_private() kept, and lets the heap have ordinary pages again.
void give_back(std::vector<std::byte>& buffer) {
  if (buffer.empty()) return;
  explicit_bzero(buffer.data(), buffer.size());
  const Pages pages(buffer);
  ::munlock(pages.begin, pages.length);
  ::madvise(pages.begin, pages.length, MADV_DODUMP);
}

}  // namespace

Result<std::unique_ptr<PiecedMemory>> PiecedMemory::create(std::unique_ptr<PieceSource> source) {
  const std::size_t size_bytes = source->size_bytes();
  if (size_bytes == 0) return fail(Code::kCorrupt, "nothing to hold in memory");
  void* data = ::mmap(nullptr, size_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED)
    return fail(Code::kIo, "no memory for {} bytes: {}", size_bytes, std::strerror(errno));
  std::unique_ptr<PiecedMemory> memory(
      new PiecedMemory(std::move(source), static_cast<std::byte*>(data)));
  if (::madvise(data, size_bytes, MADV_DONTDUMP) != 0)
    return fail(Code::kIo, "cannot keep memory out of core dumps: {}", std::strerror(errno));
  ::madvise(data, size_bytes, MADV_HUGEPAGE);  // fewer page faults
  return memory;
}

PiecedMemory::PiecedMemory(std::unique_ptr<PieceSource> source, std::byte* data)
    : source_(std::move(source)),
      size_bytes_(source_->size_bytes()),
      piece_bytes_(source_->piece_bytes()),
      data_(data),
      there_((size_bytes_ + piece_bytes_ - 1) / piece_bytes_),
      known_(there_.size()) {}

PiecedMemory::~PiecedMemory() { ::munmap(data_, size_bytes_); }

std::size_t PiecedMemory::piece_size(std::size_t index) const {
  return std::min(piece_bytes_, size_bytes_ - index * piece_bytes_);
}

std::size_t PiecedMemory::offset_of(std::span<const std::byte> part) const {
  const auto offset = static_cast<std::size_t>(part.data() - data_);
  CHECK(offset <= size_bytes_ && part.size() <= size_bytes_ - offset);
  return offset;
}

PiecedMemory::Range PiecedMemory::pieces_of(std::span<const std::byte> part) const {
  const std::size_t offset = offset_of(part);
  return {offset / piece_bytes_, (offset + part.size() - 1) / piece_bytes_ + 1};
}

Status PiecedMemory::read(std::size_t index, std::span<std::byte> out) {
  CHECK(source_ != nullptr);
  TRY(source_->read(index, out));
  known_[index].store(true, std::memory_order_relaxed);
  return {};
}

Status PiecedMemory::protect(Range pieces, int protection) {
  const std::size_t begin = page_down(pieces.begin * piece_bytes_);
  const std::size_t end = std::min(size_bytes_, pieces.end * piece_bytes_);
  if (::mprotect(data_ + begin, end - begin, protection) != 0)
    return fail(Code::kIo, "cannot change the protection of memory: {}", std::strerror(errno));
  return {};
}

Status PiecedMemory::need(std::span<const std::byte> part, std::size_t threads) {
  if (part.empty()) return {};
  Range pieces = pieces_of(part);
  while (pieces.begin < pieces.end && there_[pieces.begin]) ++pieces.begin;
  while (pieces.begin < pieces.end && there_[pieces.end - 1]) --pieces.end;
  if (pieces.begin == pieces.end) return {};
  TRY(protect(pieces, PROT_READ | PROT_WRITE));
  const Status status = for_each_piece(pieces.begin, pieces.end, threads, [&](std::size_t i) {
    return there_[i] ? Status() : read(i, {data_ + i * piece_bytes_, piece_size(i)});
  });
  TRY(protect(pieces, PROT_READ));
  TRY(status);
  std::fill(there_.begin() + static_cast<std::ptrdiff_t>(pieces.begin),
            there_.begin() + static_cast<std::ptrdiff_t>(pieces.end), true);
  return {};
}

void PiecedMemory::expect(std::span<const std::byte> part) const {
  if (part.empty() || source_ == nullptr) return;
  const Range pieces = pieces_of(part);
  for (std::size_t i = pieces.begin; i < pieces.end; ++i) source_->expect(i);
}

Status PiecedMemory::settle(std::size_t threads) {
  const auto read_if_new = [this](std::size_t i) -> Status {
    if (known_[i].load(std::memory_order_relaxed)) return {};
    PieceWindow window(*this);
    TRY(window.read(bytes().subspan(i * piece_bytes_, piece_size(i))));
    return {};
  };
  TRY(for_each_piece(0, known_.size(), threads, read_if_new));
  source_.reset();
  for (std::size_t i = 0; i < there_.size(); ++i)
    if (there_[i]) {
      const std::size_t begin = page_down(i * piece_bytes_);
      ::mlock(data_ + begin, i * piece_bytes_ + piece_size(i) - begin);
    }
  return {};
}

Result<std::span<const std::byte>> PieceWindow::read(std::span<const std::byte> part) {
  if (part.empty()) return part;
  const auto [begin, end] = memory_.pieces_of(part);
  const std::size_t piece_bytes = memory_.piece_bytes_;
  if (buffer_.size() < (end - begin) * piece_bytes) {
    // One more, because parts of one size do not all touch as many pieces.
    std::vector<std::byte> larger((end - begin + 1) * piece_bytes);
    keep_private(larger);
    std::copy(buffer_.begin(), buffer_.end(), larger.begin());
    std::swap(buffer_, larger);
    give_back(larger);
  }
  // What is held of it already, usually its first piece, comes to the front.
  const std::size_t kept = begin >= first_ && begin < first_ + held_ ? first_ + held_ - begin : 0;
  if (kept > 0 && begin > first_)
    std::memmove(buffer_.data(), buffer_.data() + (begin - first_) * piece_bytes,
                 kept * piece_bytes);
  first_ = begin;
  held_ = kept;
  for (; first_ + held_ < end; ++held_)
    TRY(memory_.read(first_ + held_, std::span(buffer_).subspan(
                                         held_ * piece_bytes, memory_.piece_size(first_ + held_))));
  const std::size_t at = memory_.offset_of(part) - begin * piece_bytes;
  return std::span<const std::byte>(buffer_).subspan(at, part.size());
}

PieceWindow::~PieceWindow() { give_back(buffer_); }

void keep_private(std::span<const std::byte> part) {
  if (part.empty()) return;
  const Pages pages(part);
  ::madvise(pages.begin, pages.length, MADV_DONTDUMP);
  ::mlock(pages.begin, pages.length);
}

}  // namespace nearside::base
