// Text that must be spelled one way only: hexadecimal and base64, strict.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::trust {

/// Lower case.
std::string to_hex(std::span<const std::uint8_t> bytes);
std::string to_hex(std::string_view bytes);

/// Either case. Errors: kCorrupt (odd length, other characters).
base::Result<std::string> from_hex(std::string_view text);

/// Only what base::base64_encode writes: padded, no line breaks, unused bits zero. Laxer decoders
/// let one signature have many spellings. Errors: kCorrupt.
base::Result<std::string> from_strict_base64(std::string_view text);

}  // namespace nearside::trust
