#include "worker/frame.h"

#include <cstring>

#include "base/check.h"

namespace nearside::worker {

std::string encode_frame(FrameKind kind, std::string_view payload) {
  CHECK(payload.size() <= kToWorkerBytesMax);
  const auto length = static_cast<std::uint32_t>(payload.size());
  std::string frame(sizeof(length), '\0');
  frame.reserve(kFrameHeaderBytes + payload.size());
  std::memcpy(frame.data(), &length, sizeof(length));
  frame += static_cast<char>(kind);
  frame += payload;
  return frame;
}

void FrameReader::append(std::span<const char> bytes) {
  buffer_.erase(0, start_);
  start_ = 0;
  buffer_.append(bytes.data(), bytes.size());
}

base::Result<std::optional<Frame>> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(start_);
  if (rest.size() < kFrameHeaderBytes) return std::optional<Frame>{};
  std::uint32_t length = 0;
  std::memcpy(&length, rest.data(), sizeof(length));
  if (length > payload_bytes_max_)
    return base::fail(base::Code::kTooLarge, "a frame of {} bytes, more than the {} allowed",
                      length, payload_bytes_max_);
  if (rest.size() - kFrameHeaderBytes < length) return std::optional<Frame>{};
  start_ += kFrameHeaderBytes + length;
  return std::optional<Frame>(Frame{static_cast<std::uint8_t>(rest[sizeof(length)]),
                                    rest.substr(kFrameHeaderBytes, length)});
}

}  // namespace nearside::worker
