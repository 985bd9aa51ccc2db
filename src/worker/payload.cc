#include "worker/payload.h"

#include <utility>

#include "base/utf8.h"

namespace nearside::worker {

using base::Code;
using base::fail;

PayloadWriter& PayloadWriter::text(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    std::size_t cut = bytes_max;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80) --cut;
    text = text.substr(0, cut);
  }
  // Error messages may quote a model file's bytes; the gateway insists on UTF-8.
  if (!base::is_valid_utf8(text)) text = "(text that is not UTF-8)";
  return number(static_cast<std::uint32_t>(text.size())).rest(text);
}

base::Result<bool> PayloadReader::flag() {
  const auto value = TRY(number<std::uint8_t>());
  if (value > 1) return fail(Code::kCorrupt, "a flag of {}", value);
  return value == 1;
}

std::string_view PayloadReader::rest() { return std::exchange(bytes_, {}); }

base::Result<std::string> PayloadReader::rest_text() {
  const std::string_view text = rest();
  if (!base::is_valid_utf8(text)) return fail(Code::kCorrupt, "text that is not UTF-8");
  return std::string(text);
}

base::Result<std::string> PayloadReader::bytes(std::size_t bytes_max) {
  const auto length = TRY(number<std::uint32_t>());
  if (length > bytes_.size()) return fail(Code::kCorrupt, "a frame ends early");
  if (length > bytes_max) return fail(Code::kCorrupt, "a text of {} bytes", length);
  std::string taken(bytes_.substr(0, length));
  bytes_.remove_prefix(length);
  return taken;
}

base::Result<std::string> PayloadReader::text(std::size_t bytes_max) {
  std::string taken = TRY(bytes(bytes_max));
  if (!base::is_valid_utf8(taken)) return fail(Code::kCorrupt, "text that is not UTF-8");
  return taken;
}

base::Status PayloadReader::end() const {
  if (!bytes_.empty()) return fail(Code::kCorrupt, "{} bytes too many in a frame", bytes_.size());
  return {};
}

}  // namespace nearside::worker
