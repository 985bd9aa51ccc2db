// Amazon's binary event stream: frames with checksums around small messages.
// Source: "Amazon Event Stream" in the AWS SDK reference (prelude of total and headers length with
// CRC-32, headers, payload, CRC-32 of all before it; big-endian).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::upstream {

struct EventFrame {
  std::string message_type;  // "event" or "exception" or "error"
  std::string event_type;    // of an event, or the kind of exception
  std::string payload;
};

/// Incremental; one a stream.
class EventStreamParser {
 public:
  /// The SDKs' own bound of a frame is 16 MiB; model events are a few KiB.
  static constexpr std::size_t kFrameBytesMax = 4U << 20;

  /// Calls `sink` for each frame that is complete with these bytes. Errors: kCorrupt (a checksum or
  /// a length that is wrong), kTooLarge; the parser is of no further use then.
  base::Status feed(std::string_view bytes, const std::function<void(const EventFrame&)>& sink);
  [[nodiscard]] bool mid_frame() const { return !held_.empty(); }

 private:
  std::string held_;
};

/// CRC-32 as in IEEE 802.3, reflected.
std::uint32_t crc32(std::string_view bytes);

/// A frame with string headers :message-type and :event-type, for tests and simulated servers.
std::string encode_frame(const EventFrame& frame);

}  // namespace nearside::upstream
