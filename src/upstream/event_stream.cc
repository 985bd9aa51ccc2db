#include "upstream/event_stream.h"

#include <array>

namespace nearside::upstream {
namespace {

using base::Code;
using base::fail;

constexpr std::size_t kPreludeBytes = 12;  // total length, headers length, their checksum
constexpr std::size_t kFrameBytesMin = kPreludeBytes + 4;
constexpr std::uint8_t kStringHeader = 7;

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1U) != 0 ? 0xEDB88320U ^ (value >> 1U) : value >> 1U;
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = crc_table();

std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

void append_big_endian(std::string& out, std::size_t value, std::size_t count) {
  for (std::size_t i = count; i-- > 0;) out.push_back(static_cast<char>((value >> (8 * i)) & 255U));
}

/// Bytes of a header's value after its type; npos: no such type.
std::size_t value_bytes(std::uint8_t type, std::string_view rest) {
  static constexpr std::array<std::size_t, 10> kFixed = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};
  if (type >= kFixed.size()) return std::string_view::npos;
  if (type != 6 && type != kStringHeader) return kFixed[type];
  if (rest.size() < 2) return std::string_view::npos;
  return 2 + big_endian(rest, 0, 2);
}

base::Status read_headers(std::string_view headers, EventFrame& frame) {
  const auto broken = [] { return fail(Code::kCorrupt, "an event has broken headers"); };
  while (!headers.empty()) {
    const std::size_t name_bytes = static_cast<unsigned char>(headers[0]);
    if (headers.size() < name_bytes + 2) return broken();
    const std::string_view name = headers.substr(1, name_bytes);
    const auto type = static_cast<std::uint8_t>(headers[1 + name_bytes]);
    headers.remove_prefix(name_bytes + 2);
    const std::size_t bytes = value_bytes(type, headers);
    if (bytes > headers.size()) return broken();
    if (type == kStringHeader) {
      const std::string_view value = headers.substr(2, bytes - 2);
      if (name == ":message-type") frame.message_type = value;
      if (name == ":event-type" || name == ":exception-type" || name == ":error-code")
        frame.event_type = value;
    }
    headers.remove_prefix(bytes);
  }
  return {};
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t value = 0xFFFFFFFFU;
  for (const char c : bytes)
    value = kCrcTable[(value ^ static_cast<unsigned char>(c)) & 255U] ^ (value >> 8U);
  return ~value;
}

base::Status EventStreamParser::feed(std::string_view bytes,
                                     const std::function<void(const EventFrame&)>& sink) {
  held_.append(bytes);
  std::size_t at = 0;
  while (held_.size() - at >= kFrameBytesMin) {
    const std::string_view rest = std::string_view(held_).substr(at);
    const std::size_t total = big_endian(rest, 0, 4);
    const std::size_t headers = big_endian(rest, 4, 4);
    if (crc32(rest.substr(0, 8)) != big_endian(rest, 8, 4))
      return fail(Code::kCorrupt, "an event's lengths do not match their checksum");
    if (total > kFrameBytesMax)
      return fail(Code::kTooLarge, "an event has more than {} bytes", kFrameBytesMax);
    if (total < kFrameBytesMin || headers > total - kFrameBytesMin)
      return fail(Code::kCorrupt, "an event's lengths contradict each other");
    if (rest.size() < total) break;
    if (crc32(rest.substr(0, total - 4)) != big_endian(rest, total - 4, 4))
      return fail(Code::kCorrupt, "an event does not match its checksum");
    EventFrame frame;
    if (base::Status read = read_headers(rest.substr(kPreludeBytes, headers), frame); !read)
      return read;
    frame.payload = rest.substr(kPreludeBytes + headers, total - kFrameBytesMin - headers);
    sink(frame);
    at += total;
  }
  held_.erase(0, at);
  return {};
}

std::string encode_frame(const EventFrame& frame) {
  std::string headers;
  const auto header = [&headers](std::string_view name, std::string_view value) {
    headers.push_back(static_cast<char>(name.size()));
    headers.append(name).push_back(static_cast<char>(kStringHeader));
    append_big_endian(headers, value.size(), 2);
    headers.append(value);
  };
  header(":message-type", frame.message_type);
  header(frame.message_type == "exception" ? ":exception-type" : ":event-type", frame.event_type);
  std::string out;
  append_big_endian(out, kFrameBytesMin + headers.size() + frame.payload.size(), 4);
  append_big_endian(out, headers.size(), 4);
  append_big_endian(out, crc32(out), 4);
  out.append(headers).append(frame.payload);
  append_big_endian(out, crc32(out), 4);
  return out;
}

}  // namespace nearside::upstream
