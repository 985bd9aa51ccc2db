// Frames on the channel between gateway and worker: a length, a kind, a payload.
// The byte layout is in docs/formats/worker-protocol.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::worker {

/// Values are those on the wire.
enum class FrameKind : std::uint8_t {
  // Gateway to worker.
  kSubmit = 1,
  kCancel = 2,
  // Worker to gateway.
  kReady = 16,
  kLoadFailed = 17,
  kText = 18,
  kToolCalls = 19,
  kFinished = 20,
  kFailed = 21,
  kReasoning = 22,
  kChoiceEnded = 23,
  kEmbedded = 24,
  kAlive = 25,
};

inline constexpr std::size_t kFrameHeaderBytes = 5;
/// A request: the gateway takes bodies of some MiB; re-encoding them as JSON may double that.
inline constexpr std::size_t kToWorkerBytesMax = std::size_t{32} << 20;
/// An event is one token's text or one vector; an error's message at most kMessageBytesMax.
inline constexpr std::size_t kFromWorkerBytesMax = std::size_t{1} << 20;

struct Frame {
  std::uint8_t kind = 0;     // a FrameKind if the peer is honest
  std::string_view payload;  // into the FrameReader
};

/// A whole frame, ready to send. REQUIRES: the payload is within the direction's bound.
std::string encode_frame(FrameKind kind, std::string_view payload);

/// Cuts a byte stream into frames. Memory follows the bytes that have come, never the length that a
/// peer claims. Not thread-safe.
class FrameReader {
 public:
  explicit FrameReader(std::size_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  /// Invalidates frames handed out before.
  void append(std::span<const char> bytes);
  /// The next whole frame, or empty until more bytes come. After an error the stream is lost.
  /// Errors: kTooLarge (a length past the bound).
  base::Result<std::optional<Frame>> next();

 private:
  const std::size_t payload_bytes_max_;
  std::string buffer_;
  std::size_t start_ = 0;  // of the first byte not yet handed out
};

}  // namespace nearside::worker
