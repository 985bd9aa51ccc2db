#include "policy/stream_labeler.h"

namespace nearside::policy {

base::Result<StreamLabeler::Piece> StreamLabeler::push(std::string_view chunk) {
  window_ += chunk;
  if (held_bytes() <= kHeldBytesMax) return Piece{};
  // Whatever begins before this place and is no longer than what is held lies in the window whole.
  return release(window_.size() - kHeldBytesMax);
}

base::Result<StreamLabeler::Piece> StreamLabeler::finish() { return release(window_.size()); }

base::Result<StreamLabeler::Piece> StreamLabeler::release(std::size_t end) {
  std::vector<Finding> all = TRY(labeler_.find_all(window_));
  // A finding that straddles the end goes with its beginning; what it covers goes whole.
  for (const Finding& finding : all)
    if (finding.begin < end && finding.end > end) end = finding.end;
  Piece piece;
  piece.text = window_.substr(sent_, end - sent_);
  for (Finding& finding : all) {
    if (finding.begin < sent_ || finding.begin >= end) continue;
    finding.begin += window_begin_;
    finding.end += window_begin_;
    piece.findings.push_back(std::move(finding));
  }
  sent_ = end;
  if (sent_ > kContextBytes) {
    const std::size_t dropped = sent_ - kContextBytes;
    window_.erase(0, dropped);
    window_begin_ += dropped;
    sent_ -= dropped;
  }
  return piece;
}

}  // namespace nearside::policy
