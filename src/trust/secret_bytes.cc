#include "trust/secret_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/unique_fd.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

#ifndef SYS_memfd_secret
constexpr long SYS_memfd_secret = 447;  // since Linux 5.14; the headers of Debian 12 have it
#endif

std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

std::size_t whole_pages(std::size_t size_bytes) {
  const std::size_t page = page_bytes();
  return std::max<std::size_t>(1, (size_bytes + page - 1) / page) * page;
}

/// Null where the kernel has none, or the limit on locked memory is reached.
void* map_secret(std::size_t length) {
  const base::UniqueFd fd(static_cast<int>(::syscall(SYS_memfd_secret, O_CLOEXEC)));
  if (!fd.valid() || ::ftruncate(fd.get(), static_cast<off_t>(length)) != 0) return nullptr;
  void* data = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  return data == MAP_FAILED ? nullptr : data;
}

}  // namespace

const char* secret_place_name(SecretPlace place) {
  switch (place) {
    case SecretPlace::kSecretMemory:
      return "secret memory";
    case SecretPlace::kLockedMemory:
      return "locked memory";
    case SecretPlace::kMemory:
      return "memory";
  }
  return "?";
}

base::Result<SecretBytes> SecretBytes::create(std::size_t size_bytes) {
  const std::size_t length = whole_pages(size_bytes);
  if (void* secret = map_secret(length)) {
    ::madvise(secret, length, MADV_DONTFORK);
    return SecretBytes(static_cast<std::byte*>(secret), size_bytes, SecretPlace::kSecretMemory);
  }
  void* data = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return fail(Code::kIo, "no memory for a key: {}", std::strerror(errno));
  ::madvise(data, length, MADV_DONTDUMP);
  ::madvise(data, length, MADV_WIPEONFORK);
  const bool locked = ::mlock(data, length) == 0;
  return SecretBytes(static_cast<std::byte*>(data), size_bytes,
                     locked ? SecretPlace::kLockedMemory : SecretPlace::kMemory);
}

base::Result<SecretBytes> SecretBytes::random(std::size_t size_bytes) {
  SecretBytes secret = TRY(create(size_bytes));
  CHECK(RAND_priv_bytes(reinterpret_cast<unsigned char*>(secret.data_),
                        static_cast<int>(size_bytes)) == 1);
  return secret;
}

base::Result<SecretBytes> SecretBytes::copy_of(std::span<const std::byte> bytes) {
  SecretBytes secret = TRY(create(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), secret.data_);
  return secret;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      place_(other.place_) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(place_, other.place_);
  return *this;
}

SecretBytes::~SecretBytes() {
  if (data_ == nullptr) return;
  wipe(bytes());
  ::munmap(data_, whole_pages(size_bytes_));
}

void wipe(std::span<std::byte> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

base::Status make_process_undumpable() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return fail(Code::kIo, "cannot keep the process out of core dumps: {}", std::strerror(errno));
  return {};
}

}  // namespace nearside::trust
