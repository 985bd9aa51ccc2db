#include "package/digest.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <unistd.h>

#include "trust/hash.h"

namespace nearside::package {

using base::Code;
using base::fail;

namespace {

// Large enough that the system call does not show, small enough to stay in the second cache.
constexpr std::size_t kPieceBytes = 256U << 10;

}  // namespace

base::Result<trust::Sha256> file_digest(const base::UniqueFd& file, std::uint64_t begin,
                                        std::uint64_t end) {
  trust::Sha256Stream stream;
  std::vector<std::byte> piece(kPieceBytes);
  while (begin < end) {
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, end - begin));
    const ssize_t got = ::pread(file.get(), piece.data(), wanted, static_cast<off_t>(begin));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Code::kIo, "cannot read: {}", std::strerror(errno));
    if (got == 0) return fail(Code::kCorrupt, "the file is shorter than it was");
    stream.update(std::span(piece).first(static_cast<std::size_t>(got)));
    begin += static_cast<std::uint64_t>(got);
  }
  return stream.finish();
}

}  // namespace nearside::package
