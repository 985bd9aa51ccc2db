// Whole files in and out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::base {

/// The whole file. "-" reads standard input.
/// Errors: kNotFound, kIo, kTooLarge (more than `limit_bytes`).
Result<std::string> read_file(const std::string& path,
                              std::size_t limit_bytes = std::size_t{1} << 30);

/// Writes beside `path` and renames over it, so that a reader sees the old file or the new one,
/// also after a kill. Errors: kIo.
Status write_file_atomic(const std::string& path, std::string_view content);

}  // namespace nearside::base
