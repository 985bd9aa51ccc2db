// Server-sent events: reading them from bytes that are split anywhere, and writing them.
// Source: WHATWG HTML Living Standard, section 9.2 "Server-sent events".
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::http {

struct SseEvent {
  std::string event;  // empty: the standard's "message"
  std::string data;   // lines joined by '\n'
};

/// Incremental; one a stream. Lines end in CRLF, LF or CR; comments, `id` and `retry` are read and
/// dropped, since nothing here reconnects.
class SseParser {
 public:
  /// `event_bytes_max` bounds one event with all its lines, finished or not: a server that never
  /// ends a line must not fill our memory.
  explicit SseParser(std::size_t event_bytes_max = 4U << 20) : event_bytes_max_(event_bytes_max) {}

  /// Calls `sink` for each event that is complete with these bytes.
  /// Errors: kTooLarge; the parser is of no further use then.
  base::Status feed(std::string_view bytes, const std::function<void(const SseEvent&)>& sink);

  /// Whether bytes of an unfinished event are held: at the end of a stream, that it was cut.
  [[nodiscard]] bool mid_event() const { return !line_.empty() || has_data_; }

 private:
  void end_line(const std::function<void(const SseEvent&)>& sink);

  const std::size_t event_bytes_max_;
  std::string line_;
  SseEvent event_;
  bool has_data_ = false;
  bool after_cr_ = false;  // the LF of a CRLF may come in the next bytes
  bool at_start_ = true;   // a byte order mark may come first
};

/// Appends one event. `data` may have several lines; an empty `event` writes none.
void append_sse(std::string& out, std::string_view data, std::string_view event = {});

}  // namespace nearside::http
