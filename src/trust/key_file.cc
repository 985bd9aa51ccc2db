#include "trust/key_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace nearside::trust {

using base::Code;
using base::fail;
using base::UniqueFd;

namespace {

constexpr std::string_view kPrefix = "nearside-key-1 ";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kTextBytes = 15 + 2 * kKeyBytes + 1;  // prefix, digits, newline

/// The file's text on the stack, wiped: the heap would keep a copy.
class KeyText {
 public:
  KeyText() = default;
  KeyText(const KeyText&) = delete;
  KeyText& operator=(const KeyText&) = delete;
  ~KeyText() { wipe(std::as_writable_bytes(std::span(text))); }
  std::array<char, kTextBytes> text{};
};

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

}  // namespace

base::Status create_key_file(const std::string& path) {
  const SecretBytes key = TRY(SecretBytes::random(kKeyBytes));
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid() && errno == EEXIST)
    return fail(Code::kInvalidArgument, "{} exists; a key is not overwritten", path);
  if (!fd.valid()) return fail(Code::kIo, "cannot create {}: {}", path, std::strerror(errno));
  KeyText out;
  std::memcpy(out.text.data(), kPrefix.data(), kPrefix.size());
  for (std::size_t i = 0; i < kKeyBytes; ++i) {
    const auto byte = std::to_integer<unsigned>(key.bytes()[i]);
    out.text[kPrefix.size() + 2 * i] = "0123456789abcdef"[byte >> 4];
    out.text[kPrefix.size() + 2 * i + 1] = "0123456789abcdef"[byte & 15];
  }
  out.text.back() = '\n';
  if (::write(fd.get(), out.text.data(), out.text.size()) !=
          static_cast<ssize_t>(out.text.size()) ||
      ::fsync(fd.get()) != 0)
    return fail(Code::kIo, "cannot write {}: {}", path, std::strerror(errno));
  return {};
}

base::Result<SecretBytes> read_key_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid())
    return fail(errno == ENOENT ? Code::kNotFound : Code::kIo, "cannot open key file {}: {}", path,
                std::strerror(errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0)
    return fail(Code::kIo, "cannot look at {}: {}", path, std::strerror(errno));
  if ((info.st_mode & 077) != 0)
    return fail(Code::kPermission, "key file {} can be read by others; run chmod 600 on it", path);
  KeyText in;
  const ssize_t got = ::read(fd.get(), in.text.data(), in.text.size());
  const bool has_prefix = std::memcmp(in.text.data(), kPrefix.data(), kPrefix.size()) == 0;
  if (got < static_cast<ssize_t>(kTextBytes - 1) || !has_prefix)
    return fail(Code::kCorrupt, "{} is not a key file", path);
  SecretBytes key = TRY(SecretBytes::create(kKeyBytes));
  for (std::size_t i = 0; i < kKeyBytes; ++i) {
    const int high = digit_value(in.text[kPrefix.size() + 2 * i]);
    const int low = digit_value(in.text[kPrefix.size() + 2 * i + 1]);
    if (high < 0 || low < 0) return fail(Code::kCorrupt, "{} is not a key file", path);
    key.bytes()[i] = static_cast<std::byte>(high * 16 + low);
  }
  return key;
}

}  // namespace nearside::trust
