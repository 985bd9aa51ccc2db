// The SHA-256 of a file or of a shard of it.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"
#include "trust/sha256.h"

namespace nearside::package {

/// Reads bytes [begin, end) through pread. Errors: kIo; kCorrupt (the file ends before `end`).
base::Result<trust::Sha256> file_digest(const base::UniqueFd& file, std::uint64_t begin,
                                        std::uint64_t end);

}  // namespace nearside::package
