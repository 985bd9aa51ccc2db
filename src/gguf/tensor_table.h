// The tensor section of a GGUF file: what is declared, and where its bytes lie.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gguf/file.h"
#include "gguf/reader.h"

namespace nearside::gguf {

/// Reads `count` tensor declarations and checks them against `bytes`, the whole file. The cursor
/// stands at the first declaration. Data begin at the next multiple of `alignment` after the last.
/// Errors: kCorrupt (truncated; dims not 1 to 4 or one of 0; rows not whole blocks; size that
/// overflows; data unaligned, past the file or shared between tensors), kUnsupported (type),
/// kTooLarge (past `limits`).
base::Result<std::vector<Tensor>> read_tensor_table(Reader& reader, std::uint64_t count,
                                                    std::size_t alignment,
                                                    std::span<const std::byte> bytes,
                                                    const Limits& limits);

}  // namespace nearside::gguf
