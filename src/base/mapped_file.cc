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
  return MappedFile(static_cast<const std::byte*>(data), size_bytes, true);
}

Result<MappedFile> MappedFile::from_memory(
    std::size_t size_bytes, const std::function<Status(std::span<std::byte>)>& fill) {
  if (size_bytes == 0) return fail(Code::kCorrupt, "nothing to hold in memory");
  void* data =
      ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED)
    return fail(Code::kIo, "no memory for {} bytes: {}", size_bytes, std::strerror(errno));
  auto* bytes = static_cast<std::byte*>(data);
  MappedFile memory(bytes, size_bytes, false);  // unmaps on every way out
  if (::madvise(data, size_bytes, MADV_DONTDUMP) != 0)
    return fail(Code::kIo, "cannot keep memory out of core dumps: {}", std::strerror(errno));
  // Fewer page faults while filling; and no swapping, as far as RLIMIT_MEMLOCK goes.
  ::madvise(data, size_bytes, MADV_HUGEPAGE);
  TRY(fill({bytes, size_bytes}));
  ::mlock(data, size_bytes);
  if (::mprotect(data, size_bytes, PROT_READ) != 0)
    return fail(Code::kIo, "cannot make memory read-only: {}", std::strerror(errno));
  return memory;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      of_file_(other.of_file_) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(of_file_, other.of_file_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_bytes_);
}

void MappedFile::expect_reads(std::span<const std::byte> part) const {
  if (part.empty() || !of_file_) return;
  const auto begin = static_cast<std::size_t>(part.data() - data_) / kPageBytes * kPageBytes;
  const std::size_t end = static_cast<std::size_t>(part.data() - data_) + part.size();
  ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_WILLNEED);
}

void MappedFile::forget(std::span<const std::byte> part) const {
  if (!of_file_) return;  // its pages would come back as zeros
  const auto offset = static_cast<std::size_t>(part.data() - data_);
  const std::size_t begin = (offset + kPageBytes - 1) / kPageBytes * kPageBytes;
  const std::size_t end = (offset + part.size()) / kPageBytes * kPageBytes;
  // The mapping is private but never written: what is dropped is what the file holds.
  if (begin < end) ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace nearside::base
