#include "gguf/reader.h"

#include <algorithm>

#include "base/utf8.h"

namespace nearside::gguf {

using base::Code;

base::Result<std::span<const std::byte>> Reader::take(std::uint64_t count, std::string_view field) {
  if (count > left())
    return error(Code::kCorrupt,
                 "{} needs {} bytes but the file ends after {}; it is truncated or damaged", field,
                 count, left());
  const std::span<const std::byte> taken = bytes_.subspan(offset_, static_cast<std::size_t>(count));
  offset_ += taken.size();
  if (offset_ > there_) {
    constexpr std::size_t kStepBytes = std::size_t{1} << 20;
    const std::size_t wanted = std::min(bytes_.size(), std::max(offset_, there_ + kStepBytes));
    TRY(mapping_->need(bytes_.subspan(there_, wanted - there_)));
    there_ = wanted;
  }
  return taken;
}

base::Result<std::string_view> Reader::string(std::size_t bytes_max, std::string_view field) {
  const auto length = TRY(number<std::uint64_t>(field));
  if (length > left())
    return error(Code::kCorrupt, "{} claims {} bytes but the file ends after {}", field, length,
                 left());
  if (length > bytes_max)
    return error(Code::kTooLarge, "{} has {} bytes, more than the {} allowed", field, length,
                 bytes_max);
  const std::span<const std::byte> bytes = TRY(take(length, field));
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

base::Result<std::string_view> Reader::text(std::size_t bytes_max, std::string_view field) {
  const std::string_view text = TRY(string(bytes_max, field));
  if (!base::is_valid_utf8(text)) return error(Code::kCorrupt, "{} is not valid UTF-8", field);
  return text;
}

base::Status Reader::check_count(std::uint64_t count, std::size_t item_bytes_least,
                                 std::size_t count_max, std::string_view field) const {
  if (count > left() / item_bytes_least)
    return error(Code::kCorrupt, "{} {} cannot fit in the {} bytes left", count, field, left());
  if (count > count_max)
    return error(Code::kTooLarge, "{} {}, more than the {} allowed", count, field, count_max);
  return {};
}

}  // namespace nearside::gguf
