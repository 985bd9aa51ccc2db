// Data files as they come: plain, or packed with xz or gzip.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace nearside::cli {

/// The whole file, unpacked where it begins as xz or gzip files do.
/// Errors: those of base::read_file; kCorrupt (does not unpack); kTooLarge (more than `limit_bytes`
/// when unpacked).
base::Result<std::string> read_packed_file(const std::string& path,
                                           std::size_t limit_bytes = std::size_t{1} << 30);

}  // namespace nearside::cli
