#include "base/mapped_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace nearside::base {

namespace {

constexpr std::size_t kPageBytes = 4096;  // or more: then the kernel rounds, or refuses the hint

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    const Code code = errno == ENOENT ? Code::kNotFound : Code::kIo;
    return fail(code, "cannot open {}: {}", path, std::strerror(errno));
  }
  return from_fd(std::move(fd), path);
}

Result<MappedFile> MappedFile::from_fd(UniqueFd fd, const std::string& name) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0)
    return fail(Code::kIo, "cannot stat {}: {}", name, std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return fail(Code::kIo, "{} is not a regular file", name);
  if (info.st_size == 0) return fail(Code::kCorrupt, "{} is empty", name);
  const auto size_bytes = static_cast<std::size_t>(info.st_size);
  void* data = ::mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) return fail(Code::kIo, "cannot map {}: {}", name, std::strerror(errno));
  return MappedFile(static_cast<const std::byte*>(data), size_bytes);
}

Result<MappedFile> MappedFile::from_pieces(std::unique_ptr<PieceSource> source) {
  std::unique_ptr<PiecedMemory> memory = TRY(PiecedMemory::create(std::move(source)));
  MappedFile file(memory->bytes().data(), memory->bytes().size());
  file.memory_ = std::move(memory);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      memory_(std::move(other.memory_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(memory_, other.memory_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr && memory_ == nullptr) ::munmap(const_cast<std::byte*>(data_), size_bytes_);
}

Status MappedFile::need(std::span<const std::byte> part, std::size_t threads) const {
  return memory_ == nullptr ? Status() : memory_->need(part, threads);
}

Status MappedFile::settle(std::size_t threads) const {
  return memory_ == nullptr ? Status() : memory_->settle(threads);
}

void MappedFile::expect_reads(std::span<const std::byte> part) const {
  if (part.empty()) return;
  if (memory_ != nullptr) return memory_->expect(part);
  const auto begin = static_cast<std::size_t>(part.data() - data_) / kPageBytes * kPageBytes;
  const std::size_t end = static_cast<std::size_t>(part.data() - data_) + part.size();
  ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_WILLNEED);
}

void MappedFile::forget(std::span<const std::byte> part) const {
  if (memory_ != nullptr) return;  // its pages would come back as zeros
  const auto offset = static_cast<std::size_t>(part.data() - data_);
  const std::size_t begin = (offset + kPageBytes - 1) / kPageBytes * kPageBytes;
  const std::size_t end = (offset + part.size()) / kPageBytes * kPageBytes;
  // The mapping is private but never written: what is dropped is what the file holds.
  if (begin < end) ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

PartReader::PartReader(const MappedFile* file) {
  if (file != nullptr && file->memory_ != nullptr) window_.emplace(*file->memory_);
}

Result<std::span<const std::byte>> PartReader::read(std::span<const std::byte> part) {
  if (!window_) return part;
  return window_->read(part);
}

}  // namespace nearside::base
