#include "base/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>

#include "base/unique_fd.h"

namespace nearside::base {

Result<std::string> read_file(const std::string& path, std::size_t limit_bytes) {
  const bool is_stdin = path == "-";
  UniqueFd fd(is_stdin ? ::dup(0) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    const Code code = errno == ENOENT ? Code::kNotFound : Code::kIo;
    return fail(code, "cannot open {}: {}", path, std::strerror(errno));
  }
  std::string content;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Code::kIo, "cannot read {}: {}", path, std::strerror(errno));
    if (got == 0) return content;
    if (content.size() + static_cast<std::size_t>(got) > limit_bytes)
      return fail(Code::kTooLarge, "{} is larger than {} bytes", path, limit_bytes);
    content.append(buffer, static_cast<std::size_t>(got));
  }
}

Status write_file_atomic(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".part";
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return fail(Code::kIo, "cannot create {}: {}", temporary, std::strerror(errno));
  while (!content.empty()) {
    const ssize_t put = ::write(fd.get(), content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(Code::kIo, "cannot write {}: {}", temporary, std::strerror(errno));
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(fd.get()) != 0)
    return fail(Code::kIo, "cannot sync {}: {}", temporary, std::strerror(errno));
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    return fail(Code::kIo, "cannot rename {} to {}: {}", temporary, path, std::strerror(errno));
  return {};
}

}  // namespace nearside::base
