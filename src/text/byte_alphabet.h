// The spelling of bytes in byte-level BPE vocabularies: each of the 256 bytes is one printable
// character, so that tokens can be kept as text ("Ġthe" is " the").
//
// Source: GPT-2's encoder.py, bytes_to_unicode: '!'..'~', '¡'..'¬' and '®'..'ÿ' stand for
// themselves, the other 68 bytes in rising order are U+0100, U+0101, ...
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nearside::text {

/// The character that stands for `byte`, in UTF-8.
std::string_view byte_spelling(std::uint8_t byte);

/// " the" -> "Ġthe".
std::string spell_bytes(std::string_view bytes);

/// "Ġthe" -> " the"; nothing where `spelling` holds a character that stands for no byte.
std::optional<std::string> unspell_bytes(std::string_view spelling);

}  // namespace nearside::text
