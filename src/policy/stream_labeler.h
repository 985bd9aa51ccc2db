// Labels a text that arrives in pieces, and says how much of it may go on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/label.h"

namespace nearside::policy {

/// For answers that stream: what may be sent on has been read together with all that could make it
/// part of a finding. Holds a reference to the labeller; not thread-safe.
class StreamLabeler {
 public:
  /// The longest thing that a pattern finds whole and a caller may want to stop (an e-mail address
  /// of 64 + 1 + 255 bytes; RFC 5321), and some room. Longer ones are found by their beginning.
  static constexpr std::size_t kHeldBytesMax = 384;
  /// What was sent on stays in view this far back, as context for what comes.
  static constexpr std::size_t kContextBytes = 256;

  explicit StreamLabeler(const Labeler& labeler) : labeler_(labeler) {}

  struct Piece {
    std::string text;               // may go on
    std::vector<Finding> findings;  // that begin in `text`; offsets into the whole stream
  };

  /// Errors: kInternal (the scan failed): nothing more may be sent.
  base::Result<Piece> push(std::string_view chunk);
  /// The rest, when the stream ends.
  base::Result<Piece> finish();

  [[nodiscard]] std::size_t held_bytes() const { return window_.size() - sent_; }

 private:
  base::Result<Piece> release(std::size_t end);

  const Labeler& labeler_;
  std::string window_;            // context, then what is held
  std::size_t sent_ = 0;          // bytes of the window that went on
  std::size_t window_begin_ = 0;  // place of the window in the stream
};

}  // namespace nearside::policy
