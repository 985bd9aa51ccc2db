#include "trust/encoding.h"

#include "base/base64.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kHexDigits[value >> 4];
    text += kHexDigits[value & 15];
  }
  return text;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

base::Result<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(Code::kCorrupt, "hexadecimal of odd length");
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return fail(Code::kCorrupt, "no hexadecimal digit at byte {}", i);
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

base::Result<std::string> from_strict_base64(std::string_view text) {
  base::Result<std::string> bytes = base::base64_decode(text);
  if (!bytes) return fail(Code::kCorrupt, "{}", bytes.error().message);
  if (base::base64_encode(*bytes) != text)
    return fail(Code::kCorrupt, "base64 that is spelled in an unusual way");
  return bytes;
}

}  // namespace nearside::trust
