// The key-value section of a GGUF file.
#pragma once

#include "gguf/file.h"
#include "gguf/reader.h"

namespace nearside::gguf {

/// Bytes of one value of a fixed-size type; 0 for kString and kArray.
std::size_t value_bytes(ValueType type);

/// One key with its value, the cursor left behind it.
/// Errors: kCorrupt (truncated, unknown type, key or string not UTF-8, empty key, bool that is
/// neither 0 nor 1, array of arrays), kTooLarge (past `limits`).
base::Result<Metadata> read_metadata(Reader& reader, const Limits& limits);

}  // namespace nearside::gguf
